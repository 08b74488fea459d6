// Calls of IBM's Key Protect client about import tokens. The client itself encrypts what it imports.
package main

import (
	"context"

	kp "github.com/IBM/keyprotect-go-client"
)

var importMethods = map[string]keyProtectMethod{
	"create_import_token": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		token, err := client.CreateImportToken(ctx, call.Seconds, call.Reads)
		return answer{"token": token}, err
	},
	"import_token": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		token, err := client.GetImportTokenTransportKey(ctx)
		return answer{"token": token}, err
	},
	"import": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		content, err := encryptedMaterial(call)
		if err != nil {
			return nil, err
		}
		return keyAnswer(client.CreateImportedRootKey(ctx, call.Name, nil, content.payload, content.nonce, content.iv))
	},
	"rotate_with_import": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		content, err := encryptedMaterial(call)
		if err != nil {
			return nil, err
		}
		payload := kp.NewKeyPayload(content.payload, content.nonce, content.iv).WithRSA256()
		return answer{}, client.RotateV2(ctx, call.Key, &payload)
	},
}

type imported struct {
	payload string
	nonce   string
	iv      string
}

// The material and the nonce of the token, all in base64, as the client encrypts them.
func encryptedMaterial(call keyProtectCall) (imported, error) {
	payload, err := kp.EncryptKey(call.Payload, call.PublicKey)
	if err != nil {
		return imported{}, err
	}
	nonce, iv, err := kp.EncryptNonce(call.Payload, call.Nonce, "")
	return imported{payload, nonce, iv}, err
}
