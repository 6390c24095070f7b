package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/internal/buildinfo"
	"github.com/carillonhq/carillon/plugins/pack"
)

// What a push is told by the environment. Secrets are told in no other way: a command line can be read by others.
const (
	serverVariable   = "CARILLON_SERVER"
	userVariable     = "CARILLON_USER"
	passwordVariable = "CARILLON_PASSWORD"
	secretVariable   = "CARILLON_API_SECRET"
	tokenVariable    = "CARILLON_API_TOKEN"
)

const defaultServer = "http://localhost:30000"

func pluginPushCommand() *cobra.Command {
	var server, user string
	cmd := &cobra.Command{
		Use: "push [FILE]", Short: "Upload a package to a master", Args: cobra.MaximumNArgs(1),
		Long: "Upload a package: FILE, or NAME-VERSION.zip of the plugin.yaml in the present directory. Who uploads is a user with the role\n" +
			"developer, told by the environment: CARILLON_API_TOKEN; or CARILLON_USER with CARILLON_PASSWORD, or with\n" +
			"CARILLON_API_SECRET, which is what the header ms_auth_secret takes. A package that is there already is left as it is.",
	}
	cmd.Flags().StringVar(&server, "server", "", "`URL` of a master (default: "+serverVariable+", or "+defaultServer+")")
	cmd.Flags().StringVar(&user, "user", "", "`name` of the user (default: "+userVariable+")")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		base, err := url.Parse(cmp.Or(server, os.Getenv(serverVariable), defaultServer))
		if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
			return usageError{errors.New("plugin push: --server must be the URL of a master, such as " + defaultServer)}
		}
		authorize, err := credentials(cmp.Or(user, os.Getenv(userVariable)), os.Getenv)
		if err != nil {
			return usageError{err}
		}
		file, err := packageToPush(args)
		if err != nil {
			return err
		}
		done, err := push(cmd.Context(), base, file, authorize)
		if err == nil {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), done)
		}
		return err
	}
	return cmd
}

// credentials give what says who calls, with a request's headers.
func credentials(user string, environ func(string) string) (func(*http.Request), error) {
	token, password, secret := environ(tokenVariable), environ(passwordVariable), environ(secretVariable)
	switch {
	case token != "":
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, nil
	case user != "" && password != "":
		return func(r *http.Request) { r.SetBasicAuth(user, password) }, nil
	case user != "" && secret != "":
		return func(r *http.Request) {
			r.Header.Set("ms_auth_user", user)
			r.Header.Set("ms_auth_secret", secret)
		}, nil
	}
	return nil, fmt.Errorf("plugin push: say who uploads by %s, or by %s with %s or %s", tokenVariable, userVariable, passwordVariable, secretVariable)
}

func packageToPush(args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	m, err := pack.Manifest(".")
	if errors.Is(err, os.ErrNotExist) {
		return "", usageError{errors.New("plugin push: give the package, or call it in a directory with a plugin.yaml")}
	}
	if err != nil {
		return "", err
	}
	return packageName(m), nil
}

// push uploads a package and says what became of it.
func push(ctx context.Context, base *url.URL, file string, authorize func(*http.Request)) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("open the package: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("open the package: %w", err)
	}
	// What is wrong with it is better told before it has gone over the network. How large it may be the master knows.
	p, err := pack.Check(f, info.Size(), pack.Options{Limits: pack.Limits{Packed: math.MaxInt64, Unpacked: math.MaxInt64 - 1, Files: 1 << 20}})
	if err != nil {
		return "", err
	}
	// The file is the request's to read; the client closes what it is given.
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath("api/v1/plugins").String(), io.NopCloser(io.NewSectionReader(f, 0, info.Size())))
	if err != nil {
		return "", err
	}
	r.ContentLength = info.Size()
	r.Header.Set("Content-Type", "application/zip")
	r.Header.Set("Expect", "100-continue") // a refusal that needs no look at the package comes before it is sent
	r.Header.Set("User-Agent", "Carillon/"+buildinfo.Get().Version)
	authorize(r)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return "", fmt.Errorf("upload the package: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	if answer.StatusCode != http.StatusCreated {
		return "", refusal(answer, body)
	}
	var taken struct {
		Digest  string
		Existed bool
	}
	if err := json.Unmarshal(body, &taken); err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	if taken.Digest != p.Digest {
		return "", fmt.Errorf("the master has another package than was sent: SHA-256 %s, not %s", taken.Digest, p.Digest)
	}
	became := "uploaded"
	if taken.Existed {
		became = "there already"
	}
	return fmt.Sprintf("%s %s is %s, SHA-256 %s", p.Manifest.Name, p.Manifest.Version, became, p.Digest), nil
}

// refusal is what a master says that does not take a package.
func refusal(answer *http.Response, body []byte) error {
	var told struct{ Field, Detail string }
	if json.Unmarshal(body, &told) != nil || told.Detail == "" {
		return fmt.Errorf("%s answered %s", answer.Request.URL.Redacted(), answer.Status)
	}
	if told.Field != "" {
		told.Detail = told.Field + " " + told.Detail
	}
	return errors.New("refused: " + strings.TrimSpace(told.Detail))
}
