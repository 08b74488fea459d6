import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.ibm.cloud.sdk.core.http.RequestBuilder;
import com.ibm.cloud.sdk.core.security.Authenticator;
import com.ibm.cloud.sdk.core.security.ConfigBasedAuthenticatorFactory;
import com.ibm.cloud.sdk.core.service.BaseService;
import com.ibm.cloud.sdk.core.service.exception.ServiceResponseException;
import com.ibm.cloud.sdk.core.util.ResponseConverterUtils;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import okhttp3.HttpUrl;
import okhttp3.Request;

/** IBM's Java SDK core, asked to do things: a JSON object a line in, a JSON object a line out. */
public class Program {
  static final String VERSION = "2025-08-26";
  /** Where IBM's VPC clients find the API unless told otherwise. */
  static final String VPC = "https://us-south.iaas.cloud.ibm.com/v1";

  static final Gson GSON = new Gson();

  static class Asked {
    String operation;
    String service;
    Map<String, String> properties;
    int times;
    double pause;
  }

  /** The core's own service speaks the VPC API. */
  static class Vpc extends BaseService {
    Vpc(String name, Authenticator authenticator, String url) {
      super(name, authenticator);
      setServiceUrl(url);
    }

    List<String> serverNames() {
      RequestBuilder request = RequestBuilder.get(HttpUrl.parse(getServiceUrl() + "/bare_metal_servers"));
      request.query("version", VERSION, "generation", "2");
      request.header("Accept", "application/json");
      JsonObject found =
          (JsonObject)
              createServiceCall(request.build(), ResponseConverterUtils.getObject(JsonObject.class))
                  .execute()
                  .getResult();
      List<String> names = new ArrayList<>();
      found.getAsJsonArray("bare_metal_servers").forEach(
          server -> names.add(server.getAsJsonObject().get("name").getAsString()));
      return names;
    }
  }

  /** The core reads its configuration from system properties too: an environment cannot be changed in Java. */
  static Authenticator authenticatorOf(Asked asked) {
    asked.properties.forEach(
        (name, value) -> System.setProperty(asked.service.toUpperCase() + "_" + name, value));
    return ConfigBasedAuthenticatorFactory.getAuthenticator(asked.service);
  }

  static Map<String, Object> authenticate(Asked asked) throws InterruptedException {
    Authenticator authenticator = authenticatorOf(asked);
    List<String> tokens = new ArrayList<>();
    for (int number = 0; number < asked.times; number++) {
      if (number > 0) {
        Thread.sleep((long) (asked.pause * 1000));
      }
      Request.Builder carrier = new Request.Builder().url("http://127.0.0.1");
      authenticator.authenticate(carrier);
      tokens.add(carrier.build().header("Authorization").replaceFirst("^Bearer ", ""));
    }
    return Map.of("tokens", tokens);
  }

  static Map<String, Object> listServers(Asked asked) {
    return Map.of(
        "servers",
        new Vpc(asked.service, authenticatorOf(asked), asked.properties.getOrDefault("URL", VPC))
            .serverNames());
  }

  static Map<String, Object> versions() {
    String core =
        Arrays.stream(System.getProperty("java.class.path").split(":"))
            .filter(path -> path.contains("/sdk-core-"))
            .map(path -> path.replaceAll(".*/sdk-core-(.*)\\.jar", "$1"))
            .findFirst()
            .orElseThrow();
    return Map.of(
        "language", "Java " + System.getProperty("java.version"),
        "packages", Map.of("com.ibm.cloud:sdk-core", core));
  }

  static Map<String, Object> answer(Asked asked) throws InterruptedException {
    switch (asked.operation) {
      case "authenticate":
        return authenticate(asked);
      case "list_servers":
        return listServers(asked);
      default:
        return versions();
    }
  }

  static Map<String, Object> refusal(Exception error) {
    Map<String, Object> refused = new HashMap<>();
    List<String> messages = new ArrayList<>();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      messages.add(String.valueOf(cause.getMessage()));
      refused.put("message", String.join(" ", messages));
      if (cause instanceof ServiceResponseException) {
        refused.put("status", ((ServiceResponseException) cause).getStatusCode());
        refused.put("message", String.valueOf(cause.getMessage()));
        break;
      }
    }
    return Map.of("error", refused);
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Asked asked = GSON.fromJson(line, Asked.class);
      Map<String, Object> found;
      try {
        found = answer(asked);
      } catch (Exception error) {
        found = refusal(error);
      }
      System.out.println(GSON.toJson(found));
    }
  }
}
