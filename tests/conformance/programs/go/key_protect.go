// One call of IBM's Key Protect client, by the name of its method.
package main

import (
	"context"
	"errors"
	"fmt"

	kp "github.com/IBM/keyprotect-go-client"
)

type keyProtectCall struct {
	Instance   string          `json:"instance"`
	Method     string          `json:"method"`
	Ring       string          `json:"ring"`
	Key        string          `json:"key"`
	Name       string          `json:"name"`
	Alias      string          `json:"alias"`
	Aliases    []string        `json:"aliases"`
	Plaintext  string          `json:"plaintext"`
	Ciphertext string          `json:"ciphertext"`
	AAD        []string        `json:"aad"`
	Search     string          `json:"search"`
	Minimal    bool            `json:"minimal"`
	Months     int             `json:"months"`
	Enabled    bool            `json:"enabled"`
	Attributes map[string]bool `json:"attributes"`
	Seconds    int             `json:"seconds"`
	Reads      int             `json:"reads"`
	Payload    string          `json:"payload"`
	PublicKey  string          `json:"public_key"`
	Nonce      string          `json:"nonce"`
}

type keyProtectMethod func(context.Context, *kp.Client, keyProtectCall) (answer, error)

var keyProtectMethods = map[string]keyProtectMethod{
	"create_ring": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.CreateKeyRing(ctx, call.Name)
	},
	"delete_ring": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.DeleteKeyRing(ctx, call.Name)
	},
	"set_ring": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return keyAnswer(client.SetKeyRing(ctx, call.Key, call.Name))
	},
	"create": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return keyAnswer(client.CreateKeyWithOptions(ctx, call.Name, false, kp.WithAliases(call.Aliases)))
	},
	"create_alias": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		alias, err := client.CreateKeyAlias(ctx, call.Alias, call.Key)
		return answer{"alias": alias}, err
	},
	"get": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return keyAnswer(client.GetKey(ctx, call.Key))
	},
	"list": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		options := &kp.ListKeysOptions{}
		if call.Search != "" {
			options.Search = &call.Search
		}
		page, err := client.ListKeys(ctx, options)
		if err != nil {
			return nil, err
		}
		ids := []string{}
		for _, key := range page.Keys {
			ids = append(ids, key.ID)
		}
		return answer{"ids": ids}, nil
	},
	"wrap": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		var plaintext []byte
		if call.Plaintext != "" {
			plaintext = []byte(call.Plaintext)
		}
		wrapped, err := client.WrapV2(ctx, call.Key, plaintext, additionalData(call))
		if err != nil {
			return nil, err
		}
		made := answer{"plaintext": wrapped.PlainText, "ciphertext": wrapped.CipherText}
		if wrapped.KeyVersion != nil {
			made["version"] = wrapped.KeyVersion.ID
		}
		return made, nil
	},
	"unwrap": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		plaintext, rewrapped, err := client.UnwrapV2(ctx, call.Key, []byte(call.Ciphertext), additionalData(call))
		return answer{"plaintext": string(plaintext), "rewrapped": string(rewrapped)}, err
	},
	"rotate": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.Rotate(ctx, call.Key, "")
	},
	"versions": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		all := true
		page, err := client.ListKeyVersions(ctx, call.Key, &kp.ListKeyVersionsOptions{AllKeyStates: &all})
		if err != nil {
			return nil, err
		}
		ids := []string{}
		for _, version := range page.KeyVersion {
			ids = append(ids, version.ID)
		}
		return answer{"ids": ids}, nil
	},
	"registrations": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		page, err := client.ListRegistrations(ctx, call.Key, "")
		if err != nil {
			return nil, err
		}
		return answer{"number": len(page.Registrations)}, nil
	},
	"sync": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.SyncAssociatedResources(ctx, call.Key)
	},
	"disable": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.DisableKey(ctx, call.Key)
	},
	"enable": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.EnableKey(ctx, call.Key)
	},
	"delete": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return keyAnswer(client.DeleteKey(ctx, call.Key, preference(call)))
	},
	"restore": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return keyAnswer(client.RestoreKey(ctx, call.Key))
	},
	"purge": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return keyAnswer(client.PurgeKey(ctx, call.Key, preference(call)))
	},
}

// The methods of all files of this program.
func keyProtectMethodOf(name string) (keyProtectMethod, bool) {
	for _, methods := range []map[string]keyProtectMethod{keyProtectMethods, policyMethods, importMethods} {
		if method, known := methods[name]; known {
			return method, true
		}
	}
	return nil, false
}

// A client of its own for each call: the clock of the service may have been turned, and tokens with it.
func keyProtect(asked request) (answer, error) {
	call := asked.KeyProtect
	method, known := keyProtectMethodOf(call.Method)
	if !known {
		return nil, fmt.Errorf("this program has no method %q", call.Method)
	}
	client, err := kp.New(kp.ClientConfig{
		BaseURL:    asked.Properties["URL"],
		APIKey:     asked.Properties["APIKEY"],
		TokenURL:   asked.Properties["AUTH_URL"] + "/identity/token",
		InstanceID: call.Instance,
		KeyRing:    call.Ring,
	}, nil)
	if err != nil {
		return nil, err
	}
	return method(context.Background(), client, call)
}

func additionalData(call keyProtectCall) *[]string {
	if len(call.AAD) == 0 {
		return nil
	}
	return &call.AAD
}

func preference(call keyProtectCall) kp.PreferReturn {
	if call.Minimal {
		return kp.ReturnMinimal
	}
	return kp.ReturnRepresentation
}

// What the client made of a key; null when it returned none.
func keyAnswer(key *kp.Key, err error) (answer, error) {
	return answer{"key": key}, err
}

// The status of a refusal by Key Protect, or 0.
func keyProtectStatus(err error) int {
	var refusal *kp.Error
	if errors.As(err, &refusal) {
		return refusal.StatusCode
	}
	return 0
}
