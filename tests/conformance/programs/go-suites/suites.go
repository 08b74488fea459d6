// Package suites pins the release of IBM's Go SDK whose own live tests are run here.
package suites

import _ "github.com/IBM/platform-services-go-sdk/common"
