package compat

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/carillonhq/carillon/core"
)

// paramJSON is an entry of a list in JSON: a ScheduleParam, or the Key and Value of a delayed task's form. Package json
// reads names without regard to case, as ScheduleMaster does.
type paramJSON struct {
	ParamKey, ParamValue, ParamRemark jsonText
	Key, Value                        jsonText
}

// jsonText is a text, or a number or truth value that somebody wrote without quotes.
type jsonText string

var errNoText = errors.New("not a text")

// UnmarshalJSON reads any JSON value but an object or a list.
func (t *jsonText) UnmarshalJSON(value []byte) error {
	switch value = bytes.TrimSpace(value); value[0] {
	case '{', '[':
		return errNoText
	case 'n': // null
		return nil
	case '"':
		var s string
		err := json.Unmarshal(value, &s)
		*t = jsonText(s)
		return err
	}
	*t = jsonText(value)
	return nil
}

// parseParams reads a list in JSON. An empty text is an empty list.
func parseParams(field, text string) ([]core.Param, error) {
	if text == "" {
		return nil, nil
	}
	var list []paramJSON
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, core.Malformed(field, `must be a JSON list such as [{"ParamKey":"a","ParamValue":"b"}]`)
	}
	params := make([]core.Param, len(list))
	for i, p := range list {
		params[i] = core.Param{Key: string(p.ParamKey + p.Key), Value: string(p.ParamValue + p.Value), Remark: string(p.ParamRemark)}
	}
	return withoutBlank(params), nil
}

// encodeParams writes a list as CustomParamsJson.
func encodeParams(params []core.Param) string {
	b := []byte{'['}
	for i, p := range params {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"ParamKey":`...)
		b = appendJSON(b, p.Key)
		b = append(b, `,"ParamValue":`...)
		b = appendJSON(b, p.Value)
		b = append(b, `,"ParamRemark":`...)
		b = appendJSON(b, p.Remark)
		b = append(b, '}')
	}
	return string(append(b, ']'))
}
