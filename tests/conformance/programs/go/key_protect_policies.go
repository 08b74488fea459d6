// Calls of IBM's Key Protect client about policies of keys and of instances, and about deletion by two identities.
package main

import (
	"context"

	kp "github.com/IBM/keyprotect-go-client"
)

var policyMethods = map[string]keyProtectMethod{
	"policies": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		policies, err := client.GetPolicies(ctx, call.Key)
		return answer{"policies": policies}, err
	},
	"rotation_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return policyAnswer(client.GetRotationPolicy(ctx, call.Key))
	},
	"set_rotation_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return policyAnswer(client.SetRotationPolicy(ctx, call.Key, call.Months))
	},
	"enable_rotation_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return policyAnswer(client.EnableRotationPolicy(ctx, call.Key))
	},
	"disable_rotation_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return policyAnswer(client.DisableRotationPolicy(ctx, call.Key))
	},
	"set_deletion_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return policyAnswer(client.SetDualAuthDeletePolicy(ctx, call.Key, call.Enabled))
	},
	"set_policies": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		policies, err := client.SetPolicies(ctx, call.Key, true, call.Months, true, call.Enabled)
		return answer{"policies": policies}, err
	},
	"create_with_overrides": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		policy := kp.Policy{DualAuth: &kp.DualAuth{Enabled: &call.Enabled}}
		if call.Months != 0 {
			rotated := true
			policy.Rotation = &kp.Rotation{Enabled: &rotated, Interval: call.Months}
		}
		return keyAnswer(client.CreateKeyWithPolicyOverridesWithOptions(ctx, call.Name, false, policy))
	},
	"initiate_deletion": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.InitiateDualAuthDelete(ctx, call.Key)
	},
	"cancel_deletion": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.CancelDualAuthDelete(ctx, call.Key)
	},
	"instance_policies": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		policies, err := client.GetInstancePolicies(ctx)
		return answer{"policies": policies}, err
	},
	"instance_deletion_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return instancePolicyAnswer(client.GetDualAuthInstancePolicy(ctx))
	},
	"instance_rotation_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return instancePolicyAnswer(client.GetRotationInstancePolicy(ctx))
	},
	"instance_access_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return instancePolicyAnswer(client.GetKeyCreateImportAccessInstancePolicy(ctx))
	},
	"set_instance_deletion_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.SetDualAuthInstancePolicy(ctx, call.Enabled)
	},
	"set_instance_rotation_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		var months *int
		if call.Enabled {
			months = &call.Months
		}
		return answer{}, client.SetRotationInstancePolicy(ctx, call.Enabled, months)
	},
	"set_instance_access_policy": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.SetKeyCreateImportAccessInstancePolicy(ctx, call.Enabled, call.Attributes)
	},
	"set_instance_policies": func(ctx context.Context, client *kp.Client, call keyProtectCall) (answer, error) {
		return answer{}, client.SetInstancePolicies(ctx, kp.MultiplePolicies{
			DualAuthDelete: &kp.BasicPolicyData{Enabled: call.Enabled},
			Metrics:        &kp.BasicPolicyData{Enabled: call.Enabled},
			AllowedNetwork: &kp.AllowedNetworkPolicyData{Enabled: call.Enabled, Network: "public-and-private"},
		})
	},
}

// What the client made of a policy; null when it returned none.
func policyAnswer(policy *kp.Policy, err error) (answer, error) {
	return answer{"policy": policy}, err
}

func instancePolicyAnswer(policy *kp.InstancePolicy, err error) (answer, error) {
	return answer{"policy": policy}, err
}
