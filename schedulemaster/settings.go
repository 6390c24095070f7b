package schedulemaster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
)

// broughtSettings is what the store knows the values by that were brought: a secret, because one of them is.
const broughtSettings = "import-schedulemaster-settings"

// bringSettings brings the settings that have not been changed here.
func (im *importer) bringSettings(ctx context.Context) error {
	theirs, err := im.source.configs(ctx)
	if err != nil {
		return err
	}
	ours, err := im.Store.Settings(ctx)
	if err != nil {
		return err
	}
	brought, err := im.broughtSettings(ctx)
	if err != nil {
		return err
	}
	for _, c := range theirs {
		value := strings.TrimSpace(c.value)
		line := Line{Noun: Setting, Name: c.key}
		apply := im.decideSetting(ctx, &line, c.key, value, ours, brought)
		if err := im.do(line, apply); err != nil {
			return err
		}
	}
	if im.DryRun {
		return nil
	}
	memory, err := json.Marshal(brought)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return im.Store.SetSecret(ctx, broughtSettings, string(memory))
}

// broughtSettings reads the values that were brought before, by name.
func (im *importer) broughtSettings(ctx context.Context) (map[string]string, error) {
	brought := map[string]string{}
	memory, err := im.Store.Secret(ctx, broughtSettings, "")
	if err != nil || memory == "" {
		return brought, err
	}
	if err := json.Unmarshal([]byte(memory), &brought); err != nil {
		return nil, fmt.Errorf("the settings that were brought before: %w", err)
	}
	return brought, nil
}

func (im *importer) decideSetting(ctx context.Context, line *Line, name, value string, ours, brought map[string]string) func() error {
	specs := core.SettingSpecs()
	i := slices.IndexFunc(specs, func(s core.SettingSpec) bool { return s.Name == name })
	if i < 0 {
		line.Verdict, line.Notes = Left, []string{"is no setting here"}
		return nil
	}
	stored, isSet := ours[name]
	inForce := stored
	if !isSet {
		inForce = specs[i].Default
	}
	shown := func(v string) string {
		if specs[i].Secret && v != "" {
			v = manage.Mask
		}
		return fmt.Sprintf("%q", v)
	}
	before, wasBrought := brought[name]
	switch {
	case value == "" || value == inForce: // what is empty there was never filled in
		line.Verdict = AsItWas
		return nil
	case isSet && (!wasBrought || stored != before):
		line.Verdict, line.Notes = Left, []string{fmt.Sprintf("is %s here, which was set here; there it is %s", shown(stored), shown(value))}
		return nil
	}
	if err := core.CheckSetting(name, value); err != nil {
		line.Verdict, line.Notes = Left, []string{strings.TrimPrefix(err.Error(), name+": ")}
		return nil
	}
	line.Verdict, line.Notes = Brought, []string{shown(value)}
	if isSet {
		line.Verdict, line.Notes = Changed, []string{fmt.Sprintf("from %s to %s", shown(stored), shown(value))}
	}
	return func() error {
		err := im.manage.Settings.Save(ctx, im.actor, map[string]string{name: value})
		if err == nil {
			brought[name] = value
		}
		return err
	}
}
