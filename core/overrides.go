package core

// Overrides are what a firing asked for by hand is given in place of what its task says.
type Overrides struct {
	// Params are a plugin's parameters, or the form of a callback that has one; nil leaves them.
	Params []Param `json:"params,omitzero"`
	// Body is the body of a callback that has no form; nil leaves it.
	Body *string `json:"body,omitempty"`
}

// None says whether nothing is given.
func (o *Overrides) None() bool { return o == nil || o.Params == nil && o.Body == nil }

// Apply gives a definition with the overrides in it. What they do not fit is refused.
func (o *Overrides) Apply(d Definition) (Definition, error) {
	switch {
	case d.Callback == nil && o.Body != nil:
		return d, Broken("body", "goes with a task of kind http only")
	case d.Callback == nil:
		if o.Params != nil {
			d.Params = o.Params
		}
		return d, nil
	case len(d.Callback.Form) > 0 && o.Body != nil:
		return d, Broken("body", "goes with a callback that has no form: give params")
	case len(d.Callback.Form) == 0 && len(o.Params) > 0:
		return d, Broken("params", "goes with a plugin, or a callback that has a form: give body")
	}
	c := *d.Callback
	if o.Body != nil {
		c.Body = *o.Body
	}
	if o.Params != nil {
		c.Form = o.Params
	}
	d.Callback = &c
	return d, nil
}
