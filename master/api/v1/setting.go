package v1

import (
	"net/http"
	"strconv"
)

// saveSettings stores the settings that are named and leaves the others as they are. A value is a string; a number
// stands for its digits.
func (a *api) saveSettings(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[map[string]any](data)
	if err != nil {
		return err
	}
	changed := make(map[string]string, len(*given))
	for name, v := range *given {
		switch v := v.(type) {
		case string:
			changed[name] = v
		case float64:
			changed[name] = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			return malformed(name, "must be a string or a number")
		}
	}
	if err := a.Settings.Save(r.Request.Context(), r.user, changed); err != nil {
		return err
	}
	return a.getSettings(r)
}

func (a *api) getSettings(r *request) error {
	all, err := a.Settings.Values(r.Request.Context())
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, all)
}
