package compat

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
)

// readText reads an url-encoded form.
func readText(t require.TestingT, text string) form {
	f, err := new(scratch).readForm(httptest.NewRequest("POST", "/", strings.NewReader(text)))
	require.NoError(t, err)
	return f
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, name, want string }{
		{"a=1", "a", "1"},
		{"A=1", "a", "1"},
		{"a=1&a=2", "a", "1"},
		{"a=&a=2", "a", "2"},
		{"a=+%20+&a=2", "a", "2"},
		{"a=+x+", "a", " x "},
		{"a=b=c%3Dd", "a", "b=c=d"},
		{"a%5B0%5D=x", "a[0]", "x"},
		{"&&a=1&&", "a", "1"},
		{"a", "a", ""},
		{"=1&a=2", "a", "2"},
		{"a=100%&b=%zz%4&c=%", "a", "100%"},
		{"a=100%&b=%zz%4&c=%", "b", "%zz%4"},
		{"a=100%&b=%zz%4&c=%", "c", "%"},
		{"a=%e4%BD%a0", "a", "你"},
		{"a=你", "a", "你"},
		{"a;b=1", "a", ""},
	} {
		f := readText(t, row.text)
		require.Equal(t, row.want, f.raw(row.name), row.text)
	}
}

// What package url decodes is decoded alike.
func TestDecodeAgainstURL(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := url.Values{}
		for range rapid.IntRange(0, 8).Draw(t, "fields") {
			values.Add(rapid.StringMatching(`[a-z%&=+ä]{1,5}`).Draw(t, "name"), rapid.StringMatching(`[^\x00]{0,20}`).Draw(t, "value"))
		}
		f := readText(t, values.Encode())
		got := url.Values{}
		for _, s := range f.spans {
			got.Add(f.name(s), f.value(s))
		}
		require.Equal(t, values, got)
	})
}

func TestQueryComesAfterTheBody(t *testing.T) {
	t.Parallel()
	f, err := new(scratch).readForm(httptest.NewRequest("POST", "/?b=query&a=query", strings.NewReader("a=body")))
	require.NoError(t, err)
	require.Equal(t, "body", f.raw("a"))
	require.Equal(t, "query", f.raw("b"))
}

func TestScratchIsReused(t *testing.T) {
	t.Parallel()
	var s scratch
	first, err := s.readForm(httptest.NewRequest("POST", "/", strings.NewReader("a=first&b=long+value")))
	require.NoError(t, err)
	kept := first.raw("a")
	second, err := s.readForm(httptest.NewRequest("POST", "/", strings.NewReader("a=2")))
	require.NoError(t, err)
	require.Equal(t, "2", second.raw("a"))
	require.Empty(t, second.raw("b"))
	require.Equal(t, "first", kept)
}

func TestWhatIsNoText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Title=%ff&x=1":            "Title: is not valid UTF-8",
		"x=1&anything=a%e4&y=%bd":  "anything: is not valid UTF-8",
		"Title=a%00b":              "Title: holds a NUL character",
		"a%ff=1":                   "the name of a field is not valid UTF-8 or holds a NUL character",
		"a\xff=1":                  "the name of a field is not valid UTF-8 or holds a NUL character",
		strings.Repeat("a&", 2001): "the form has more than 2000 fields",
		`{"Title":"x"}`:            "the body must be a form, of type application/x-www-form-urlencoded or multipart/form-data",
		"\r\n<Title/>":             "the body must be a form, of type application/x-www-form-urlencoded or multipart/form-data",
	} {
		_, err := new(scratch).readForm(httptest.NewRequest("POST", "/", strings.NewReader(text)))
		require.EqualError(t, err, want)
		require.Equal(t, core.CodeMalformed, core.CodeOf(err))
	}
}

func TestFormsUnderOtherTypes(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"", "text/plain", "application/json", "application/octet-stream", "nonsense", "application/X-WWW-Form-UrlEncoded;charset=gbk"} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("id=1"))
		r.Header.Set("Content-Type", contentType)
		f, err := new(scratch).readForm(r)
		require.NoError(t, err, contentType)
		require.Equal(t, "1", f.get("ID"))
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(`[1]`))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err := new(scratch).readForm(r)
	require.NoError(t, err, "whoever says that it is a form is believed")
}

func TestMultipartThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for contentType, body := range map[string]string{
		"multipart/form-data":              "--x--",
		"multipart/form-data; boundary=x":  "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nbroken off",
		"multipart/form-data; boundary=y ": "",
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		_, err := new(scratch).readForm(r)
		if body == "" {
			require.NoError(t, err, "no parts")
			continue
		}
		require.EqualError(t, err, "the multipart body cannot be read")
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"k=1&K=2":               {"1", "2"},
		"k[]=1&k[]=2":           {"1", "2"},
		"k[1]=b&k[0]=a&k[10]=c": {"a", "b", "c"},
		"k[1]=b&k=first":        {"first", "b"},
		"k=&k=+&k[0]=":          nil,
		"kk=1&k.x=2":            nil,
		"k=1,2":                 {"1,2"},
		"k=%20padded%20":        {"padded"},
	} {
		f := readText(t, text)
		entries, err := f.list("k")
		require.NoError(t, err, text)
		var got []string
		for _, e := range entries {
			got = append(got, e.value)
		}
		require.Equal(t, want, got, text)
	}
	for _, field := range []string{"k[x]", "k[-1]", "k[0", "k[0]x", "k[10000]", "k[99999999999999999999]", "k[0][1]"} {
		f := readText(t, field+"=1")
		_, err := f.list("k")
		require.EqualError(t, err, field+": the index must be a whole number from 0 to 9999")
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	f := readText(t, "params[1].paramkey=b&params[1].paramvalue=2&PARAMS[0].PARAMKEY=a&Params[0][ParamRemark]=r&Params[0].Other=x"+
		"&Params[2].ParamKey=&Params[2].ParamValue=&Params.index=0&Params=plain")
	rows, err := f.rows("Params")
	require.NoError(t, err)
	require.Equal(t, []core.Param{{Key: "a", Remark: "r"}, {Key: "b", Value: "2"}}, rows)

	f = readText(t, "Params[a].ParamKey=b")
	_, err = f.rows("Params")
	require.EqualError(t, err, "Params[a].ParamKey: the index must be a whole number from 0 to 9999")
}

func TestParseParams(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]core.Param{
		"":     nil,
		"[]":   {},
		"null": {},
		`[{"ParamKey":"a","ParamValue":"b","ParamRemark":"c"}]`:         {{Key: "a", Value: "b", Remark: "c"}},
		`[{"paramkey":"a","PARAMVALUE":1.50},{"Key":"x","Value":true}]`: {{Key: "a", Value: "1.50"}, {Key: "x", Value: "true"}},
		`[{"ParamKey":"a","ParamValue":null,"More":[1]}]`:               {{Key: "a"}},
		`[{"ParamKey":"","ParamValue":""},{}]`:                          {},
	} {
		got, err := parseParams("f", text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"x", "{}", `"a"`, "[", `[{"ParamKey":{}}]`, `[{"ParamKey":["a"]}]`, "[1]", "[] []"} {
		_, err := parseParams("f", text)
		require.EqualError(t, err, `f: must be a JSON list such as [{"ParamKey":"a","ParamValue":"b"}]`, text)
	}
}

func TestEncodeParamsReadsBack(t *testing.T) {
	t.Parallel()
	require.Equal(t, "[]", encodeParams(nil))
	require.Equal(t, `[{"ParamKey":"k1","ParamValue":"\"1\"","ParamRemark":""}]`, encodeParams([]core.Param{{Key: "k1", Value: `"1"`}}))
	rapid.Check(t, func(t *rapid.T) {
		params := []core.Param{{Key: "k" + rapid.String().Draw(t, "key"), Value: rapid.String().Draw(t, "value"), Remark: rapid.String().Draw(t, "remark")}}
		back, err := parseParams("f", encodeParams(params))
		require.NoError(t, err)
		require.Equal(t, params, back)
	})
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"1": time.Second, "327\t": 327 * time.Second, "+5": 5 * time.Second, "0.5": 500 * time.Millisecond, "0.29": 290 * time.Millisecond,
		"1.0000004": time.Second, ".5": 500 * time.Millisecond, "315360000": 315360000 * time.Second,
	} {
		f := readText(t, "d="+url.QueryEscape(text))
		got, err := f.seconds("d")
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"":                        "d: is required",
		"0":                       "d: must be a number of seconds above 0",
		"-5":                      "d: must be a number of seconds above 0",
		"0.0000001":               "d: must be a number of seconds above 0",
		"ten":                     "d: must be a number of seconds above 0",
		"1e3":                     "d: must be a number of seconds above 0",
		"0x10":                    "d: must be a number of seconds above 0",
		"1.2.3":                   "d: must be a number of seconds above 0",
		"1-2":                     "d: must be a number of seconds above 0",
		"Inf":                     "d: must be a number of seconds above 0",
		"99999999999999999999999": "d: must lead to an instant before the year 2200",
	} {
		f := readText(t, "d="+url.QueryEscape(text))
		_, err := f.seconds("d")
		require.EqualError(t, err, want, text)
	}
}

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	require.Equal(t, `"a\"\\\u0000\u001f\u000a你😀`+"\ufffd\"", string(appendJSON(nil, "a\"\\\x00\x1f\n你😀\xff")))
}

// Nothing that is sent makes reading a form panic, and what is read lies within what was sent.
func FuzzReadForm(f *testing.F) {
	for _, seed := range []string{"a=1&b=2", "k[0]=1&k[1]=%e4%BD%a0&k", "p[0].ParamKey=a&p[0][ParamValue]=b", "%=%&&==", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--"} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, multipart bool) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(text))
		if multipart {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		}
		got, err := new(scratch).readForm(r)
		if err != nil {
			return
		}
		for _, s := range got.spans {
			require.NotEmpty(t, got.name(s))
			require.LessOrEqual(t, len(got.value(s)), len(text))
		}
		_, _ = got.list("k")
		_, _ = got.rows("p")
		_, _ = got.instant("a", time.UTC)
		_, _ = got.seconds("a")
	})
}
