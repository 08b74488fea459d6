// IBM's Go SDKs, asked to do things: a JSON object a line in, a JSON object a line out.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/IBM/go-sdk-core/v5/core"
	"github.com/IBM/vpc-go-sdk/vpcv1"
)

type request struct {
	Operation  string            `json:"operation"`
	Service    string            `json:"service"`
	Properties map[string]string `json:"properties"`
	Times      int               `json:"times"`
	Pause      float64           `json:"pause"`
	KeyProtect keyProtectCall    `json:"call"`
}

type answer map[string]any

func configure(asked request) {
	for name, value := range asked.Properties {
		os.Setenv(strings.ToUpper(asked.Service)+"_"+name, value)
	}
}

func authenticate(asked request) (answer, error) {
	configure(asked)
	authenticator, err := core.GetAuthenticatorFromEnvironment(asked.Service)
	if err != nil {
		return nil, err
	}
	tokens := []string{}
	for number := 0; number < asked.Times; number++ {
		if number > 0 {
			time.Sleep(time.Duration(asked.Pause * float64(time.Second)))
		}
		carrier, err := http.NewRequest(http.MethodGet, "http://127.0.0.1", nil)
		if err != nil {
			return nil, err
		}
		if err := authenticator.Authenticate(carrier); err != nil {
			return nil, err
		}
		tokens = append(tokens, strings.TrimPrefix(carrier.Header.Get("Authorization"), "Bearer "))
	}
	return answer{"tokens": tokens}, nil
}

func listServers(asked request) (answer, error) {
	configure(asked)
	service, err := vpcv1.NewVpcV1UsingExternalConfig(&vpcv1.VpcV1Options{ServiceName: asked.Service})
	if err != nil {
		return nil, err
	}
	found, _, err := service.ListBareMetalServers(&vpcv1.ListBareMetalServersOptions{})
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, server := range found.BareMetalServers {
		names = append(names, *server.Name)
	}
	return answer{"servers": names}, nil
}

func versions(request) (answer, error) {
	packages := map[string]string{}
	build, _ := debug.ReadBuildInfo()
	for _, dependency := range build.Deps {
		if strings.HasPrefix(dependency.Path, "github.com/IBM/") {
			packages[dependency.Path] = dependency.Version
		}
	}
	return answer{"language": "Go " + strings.TrimPrefix(runtime.Version(), "go"), "packages": packages}, nil
}

// The status of an answer, or nothing when there was none.
func status(err error) any {
	if refused := keyProtectStatus(err); refused != 0 {
		return refused
	}
	var problem *core.HTTPProblem
	var refused *core.AuthenticationError
	if errors.As(err, &refused) {
		problem = refused.HTTPProblem
	} else if !errors.As(err, &problem) {
		return nil
	}
	if problem == nil || problem.Response == nil || problem.Response.StatusCode == 0 {
		return nil
	}
	return problem.Response.StatusCode
}

var operations = map[string]func(request) (answer, error){
	"authenticate": authenticate,
	"key_protect":  keyProtect,
	"list_servers": listServers,
	"versions":     versions,
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked request
		found, err := answer(nil), json.Unmarshal(lines.Bytes(), &asked)
		if err == nil {
			found, err = operations[asked.Operation](asked)
		}
		if err != nil {
			found = answer{"error": answer{"status": status(err), "message": err.Error()}}
		}
		line, _ := json.Marshal(found)
		fmt.Println(string(line))
	}
}
