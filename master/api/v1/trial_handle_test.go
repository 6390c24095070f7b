package v1

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
)

func TestTryCallback(t *testing.T) {
	t.Parallel()
	f := &fakes{tasks: []*core.Task{{ID: "t1", Kind: core.KindHTTP, Definition: core.Definition{Callback: &core.Callback{Secret: "whsec_stored"}}}}}
	w := f.do(t, call{method: http.MethodPost, path: "/tasks/test", role: core.RoleDeveloper,
		body: `{"callback":{"method":"GET","url":"https://a.example","secret":"***"},"executors":["w1"],"taskId":"t1"}`})
	require.Equal(t, http.StatusAccepted, w.Code, w.Body)
	require.Equal(t, "/api/v1/delayed-tasks/d9", w.Header().Get("Location"))
	require.Equal(t, manage.Trial{Callback: core.Callback{Method: "GET", URL: "https://a.example", Secret: "whsec_stored"}, Executors: []string{"w1"}, TaskID: "t1"}, f.trial)
	require.NotContains(t, w.Body.String(), "stored")

	p := new(fakes).refused(t, http.StatusUnprocessableEntity, call{method: http.MethodPost, path: "/tasks/test", role: core.RoleDeveloper, body: `{}`})
	require.Equal(t, "callback", p.Field)
	p = new(fakes).refused(t, http.StatusUnprocessableEntity, call{method: http.MethodPost, path: "/tasks/test", role: core.RoleDeveloper,
		body: `{"callback":{"method":"GET","url":"https://a.example","secret":"***"}}`})
	require.Equal(t, "callback.secret", p.Field)
}

func TestImportCurl(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(CurlCommand{"curl -k -u a:b --json '{}' -m 5 https://a.example/x"})
	require.NoError(t, err)
	w := new(fakes).do(t, call{method: http.MethodPost, path: "/tasks/import-curl", role: core.RoleDeveloper, body: string(text)})
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"callback":{"method":"POST","url":"https://a.example/x","contentType":"application/json","body":"{}","timeout":"5s",
		"headers":[{"name":"Accept","value":"application/json"},{"name":"Authorization","value":"Basic YTpi"}]},
		"left":[{"option":"-k","reason":"the certificate is checked all the same; what is to be taken instead is said in the fields for TLS"}]}`, w.Body.String())
	p := new(fakes).refused(t, http.StatusBadRequest, call{method: http.MethodPost, path: "/tasks/import-curl", role: core.RoleDeveloper, body: `{"command":"wget x"}`})
	require.Equal(t, "command", p.Field)
}
