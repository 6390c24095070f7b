// Package sdk is what a Go program needs to be a plugin of Carillon: an executable whose tasks workers run.
//
//	func main() {
//		sdk.Serve(sdk.Task{Name: "greet", Run: greet})
//	}
//
//	func greet(ctx context.Context, run *sdk.Run) (any, error) {
//		var params struct {
//			Name string `json:"name"`
//		}
//		if err := run.Bind(&params); err != nil {
//			return nil, err
//		}
//		run.Log.Info("greeting", "name", params.Name)
//		return map[string]string{"greeting": "Hello, " + params.Name}, nil
//	}
//
// `carillon plugin init` writes such a program with its manifest and its test, which package sdktest is for. docs/plugins.md
// tells the rest.
package sdk
