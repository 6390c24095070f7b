package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/conf/dsn"
	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/logging"
	"github.com/carillonhq/carillon/internal/zonename"
	"github.com/carillonhq/carillon/schedulemaster"
	"github.com/carillonhq/carillon/store"
)

// importFromEnv names the database to import from where a command line could be read by others: it may hold a password.
const importFromEnv = "CARILLON_IMPORT_FROM"

func importCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Bring tasks over from another scheduler"}
	cmd.AddCommand(importScheduleMasterCommand())
	return cmd
}

// scheduleMasterFlags are what the command's own flags say.
type scheduleMasterFlags struct {
	from, provider, zone, role string
	start, anyWorker, dryRun   bool
}

func importScheduleMasterCommand() *cobra.Command {
	var f scheduleMasterFlags
	cmd := &cobra.Command{
		Use: "schedulemaster", Short: "Bring what is in a ScheduleMaster database over", Args: cobra.NoArgs,
		Long: "Bring tasks with their children, keepers and executors, users, settings and pending delayed tasks over from a\n" +
			"ScheduleMaster database, which is only read. It can be repeated: what was brought before is brought up to date, and\n" +
			"what was edited here since is left alone. Each row that was brought, changed or left is printed with the reason.\n\n" +
			"Tasks come stopped. When ScheduleMaster has been stopped, --start starts those that ran and brings its pending delayed\n" +
			"tasks; while it runs, both would call back.",
		Example: "  carillon import schedulemaster --from mysql://root@localhost/schedule_master --dry-run\n" +
			"  " + importFromEnv + "='Server=localhost;Port=5432;Database=schedule_master;User Id=postgres;Password=…' carillon import schedulemaster",
	}
	conf.Flags(cmd.Flags(), conf.RoleAdmin)
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "`URL` or ADO.NET connection string of the ScheduleMaster database (default: "+importFromEnv+")")
	flags.StringVar(&f.provider, "from-provider", "", "`kind` of that connection string: mysql, postgresql or sqlserver (default: what the string tells)")
	flags.StringVar(&f.zone, "zone", "", "time `zone` of ScheduleMaster's server, when it is not that of Carillon's")
	flags.StringVar(&f.role, "role", string(core.RoleDeveloper), "`role` of the users who are brought: admin, developer, operator or viewer; admin stays admin")
	flags.BoolVar(&f.start, "start", false, "start the tasks that run in ScheduleMaster, and bring its pending delayed tasks; it must have been stopped")
	flags.BoolVar(&f.anyWorker, "any-worker", false, "leave the executors of tasks out: any worker may take them")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the same, and write nothing")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opts, err := f.options()
		if err != nil {
			return usageError{err}
		}
		cfg, _, err := configure(cmd, conf.RoleAdmin)
		if err != nil {
			return err
		}
		opts.Zone = cfg.TimeZone
		// The report says what is done; of what the services log only troubles are news.
		opts.Logger = logging.New(os.Stderr, max(cfg.LogLevel, slog.LevelWarn), cfg.LogFormat)
		return withStore(cmd, func(ctx context.Context, s *store.Store, _ *slog.Logger) error {
			opts.Store = s
			return importScheduleMaster(ctx, cmd, opts)
		})
	}
	return cmd
}

// options reads the flags.
func (f scheduleMasterFlags) options() (schedulemaster.Options, error) {
	opts := schedulemaster.Options{Start: f.start, AnyWorker: f.anyWorker, DryRun: f.dryRun, Role: core.Role(f.role)}
	from := f.from
	if from == "" {
		from = os.Getenv(importFromEnv)
	}
	if from == "" {
		return opts, errors.New("--from must name the ScheduleMaster database, or " + importFromEnv)
	}
	var err error
	opts.From, err = dsn.Parse(from, f.provider)
	if _, aboutProvider := errors.AsType[*dsn.ProviderError](err); aboutProvider {
		return opts, fmt.Errorf("--from %w: set --from-provider to %s", err, dsn.Providers)
	}
	if err != nil {
		return opts, fmt.Errorf("--from %w", err)
	}
	if err := (&core.User{Name: "any", Role: opts.Role}).Validate(); err != nil {
		return opts, fmt.Errorf("--%w", err)
	}
	if f.zone != "" {
		if opts.FromZone, err = time.LoadLocation(f.zone); err != nil || f.zone == "Local" {
			return opts, fmt.Errorf("--zone %q is not a time zone: write an IANA name such as Asia/Shanghai", f.zone)
		}
	}
	return opts, nil
}

func importScheduleMaster(ctx context.Context, cmd *cobra.Command, opts schedulemaster.Options) error {
	out := cmd.OutOrStdout()
	var printing error
	say := func(a any) {
		_, err := fmt.Fprintln(out, a)
		printing = errors.Join(printing, err)
	}
	if opts.DryRun {
		say("dry run: nothing is written")
	}
	zone := opts.Zone
	if opts.FromZone != nil {
		zone = opts.FromZone
	}
	name := zonename.IANA(zone)
	if name == "" {
		name = "this machine's zone"
	}
	say(fmt.Sprintf("from %s; its times are read as those of %s, %s today\n", opts.From, name, time.Now().In(zone).Format("-07:00")))
	opts.Tell = func(line schedulemaster.Line) { say(line) }
	report, err := schedulemaster.Import(ctx, opts)
	if err != nil {
		return errors.Join(err, printing)
	}
	say("")
	return errors.Join(printing, report.Write(out))
}
