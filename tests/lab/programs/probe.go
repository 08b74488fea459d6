// Prints the HTTP status of a PUT, with the trust store that Go has by default.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	for _, url := range os.Args[1:] {
		request, _ := http.NewRequest("PUT", url, nil)
		request.Header.Set("Metadata-Flavor", "ibm")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(answer.StatusCode)
	}
}
