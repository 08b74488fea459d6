import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Prints the HTTP status of a PUT, with the trust store that this Java has by default. */
class Probe {
    public static void main(String[] arguments) throws Exception {
        for (String url : arguments) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Metadata-Flavor", "ibm").PUT(HttpRequest.BodyPublishers.noBody()).build();
            HttpResponse<String> answer =
                HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(answer.statusCode());
        }
    }
}
