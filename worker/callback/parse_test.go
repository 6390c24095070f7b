package callback

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb/fill"
)

// A field that was forgotten would be read all the same, but slowly.
func TestParseKnowsEveryField(t *testing.T) {
	t.Parallel()
	var want, got core.Callback
	fill.Value(t, &want)
	text, err := json.Marshal(&want)
	require.NoError(t, err)
	require.True(t, parse(string(text), &got), "%s", text)
	require.Equal(t, want, got)
}

func TestParseReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Just("<b>&\u2028\"\\\x00\n\r\t\b\f名\U0001F600"), rapid.Just(""))
		var want core.Callback
		want.Method, want.URL, want.Body, want.Secret = text.Draw(t, "method"), text.Draw(t, "url"), text.Draw(t, "body"), text.Draw(t, "secret")
		want.Timeout = time.Duration(rapid.Int64().Draw(t, "timeout"))
		want.Redirects = rapid.Int().Draw(t, "redirects")
		want.Success.Contains = text.Draw(t, "contains")
		want.TLS.InsecureSkipVerify = rapid.Bool().Draw(t, "unchecked")
		for range rapid.IntRange(0, 3).Draw(t, "headers") {
			want.Headers = append(want.Headers, core.Header{Name: text.Draw(t, "name"), Value: text.Draw(t, "value")})
			want.Form = append(want.Form, core.Param{Key: text.Draw(t, "key"), Remark: text.Draw(t, "remark")})
		}
		written, err := json.Marshal(&want)
		require.NoError(t, err)
		var got core.Callback
		require.True(t, parse(string(written), &got), "%s", written)
		require.Equal(t, want, got)
	})
}

// agree holds Parse against package json.
func agree(t require.TestingT, text []byte) {
	var want core.Callback
	wantErr := json.Unmarshal(text, &want)
	got, err := Parse(text)
	if wantErr != nil {
		require.EqualError(t, err, wantErr.Error())
		return
	}
	require.NoError(t, err)
	require.True(t, reflect.DeepEqual(want, got), "%q: %+v, not %+v", text, got, want)
}

func TestParseAgreesWithPackageJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `null`, `{}`, `{} `, ` {"url":"a"}`, `{"URL":"a"}`, `{"url":null}`, `{"url":1}`, `{"url":"a","url":"b"}`, `{"url":"a",}`, `{"url":"a"`,
		`{"x":{"y":[1]},"url":"a"}`, `{"url":"\ud83d\ude00"}`, `{"url":"\ud83d"}`, `{"url":"\u12"}`, `{"url":"\q"}`, `{"url":"\/"}`, `{"url":"\`, `{"url":"\"}`,
		"{\"url\":\"a\x01\"}", "{\"url\":\"\\n\x01\"}", "{\"url\":\"\xff\"}", "{\"url\":\"\\n\xff\"}", `{"m\u0065thod":"GET"}`,
		`{"timeout":01}`, `{"timeout":-0}`, `{"timeout":1e3}`, `{"timeout":1.5}`, `{"timeout":99999999999999999999}`, `{"timeout":-7}`, `{"timeout":--7}`, `{"timeout":}`,
		`{"headers":[]}`, `{"headers":[{}]}`, `{"headers":[{},]}`, `{"headers":[{"name":"a"}],"headers":[{"value":"b"}]}`, `{"headers":{}}`, `{"headers":null}`,
		`{"success":{"contains":"a"},"success":{"regex":"b"}}`, `{"tls":{"insecureSkipVerify":false}}`, `{"tls":{"insecureSkipVerify":truer}}`, `{"tls":{"insecureSkipVerify":true}}`,
	} {
		agree(t, []byte(text))
	}
	// Whatever is done to a callback's text, both find the same in it.
	whole := `{"method":"POST","url":"http://a/\u003cb","headers":[{"name":"a","value":"\"名\""}],"timeout":5,"success":{"contains":"x"},"tls":{"insecureSkipVerify":true},"redirects":-1}`
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(whole)-1).Draw(t, "at")
		until := rapid.IntRange(at, min(at+3, len(whole))).Draw(t, "until")
		agree(t, []byte(whole[:at]+rapid.StringMatching(`[{}\[\]",:\\a-z0-9u -]{0,3}`).Draw(t, "instead")+whole[until:]))
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"method":"POST","url":"http://a/","body":"\u003c\"x\"","success":{"contains":"x"}}`))
	f.Fuzz(func(t *testing.T, text []byte) { agree(t, text) })
}

func BenchmarkParse(b *testing.B) {
	text, err := json.Marshal(core.Callback{Method: "POST", URL: "http://127.0.0.1:8080/sink/12345", ContentType: "application/json",
		Body: `{"orderId":"12345","event":"order.payment.expired",` + strings.Repeat(`"a":"b",`, 20) + `"end":true}`, Success: core.SuccessRule{Contains: "success"}})
	require.NoError(b, err)
	b.Run("here", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("package json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var c core.Callback
			if err := json.Unmarshal(text, &c); err != nil {
				b.Fatal(err)
			}
		}
	})
}
