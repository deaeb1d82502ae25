# Stepwise runs, killed at random moments.
#
# The history of t/data/kills is walked up to head and down to base in turn.
# A chain is one such walk: a CALL is killed, the next one goes on and is
# killed too, until one survives.  Then the database is compared with one that
# was never disturbed.
#
#	PGMIG_KILLS	how many calls to kill, 200 if not set
#	PGMIG_SEED	seed of the random numbers; a failed chain tells it
#	PGMIG_CHAIN	repeat this chain only, of that seed

use strict;
use warnings FATAL => 'all';

use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

$ENV{PGTZ}        = 'UTC';
$ENV{PGDATESTYLE} = 'ISO';
local $SIG{PIPE} = 'IGNORE';

my $wanted  = $ENV{PGMIG_KILLS} || 200;
my $seed    = $ENV{PGMIG_SEED}  || int(rand(1_000_000)) + 1;
my $only    = $ENV{PGMIG_CHAIN};
my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;
my $history = dirname(__FILE__) . '/data/kills';
my $db      = 'kills';

# How a run is killed, and how often.
my @kinds = (
	[ 'SIGKILL'        => 45 ],
	[ 'immediate stop' => 25 ],
	[ 'terminate'      => 12 ],
	[ 'cancel'         => 10 ],
	[ 'client gone'    => 8 ]);

my %calls = (
	upgrade   => q{CALL pgmig_upgrade_stepwise('head')},
	downgrade => q{CALL pgmig_downgrade_stepwise('base')});

my $node = PostgreSQL::Test::Cluster->new('kills');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
restart_after_crash = on
wal_level = replica
shared_buffers = 8MB
max_connections = 20
autovacuum = off
log_statement = none
log_line_prefix = '%m [%p] %e '
track_activity_query_size = 1kB
});
$node->start;
diag("seed $seed");

#
# Sessions
#

# A session in the background, that answers to ask().
sub session
{
	my ($name) = @_;
	my $session = { in => '', out => '', err => '' };

	$session->{timer} = IPC::Run::timeout($timeout);
	$session->{run}   = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr($name) ], '<',
		\$session->{in}, '>',
		\$session->{out}, '2>',
		\$session->{err}, $session->{timer});
	return $session;
}

# Have it begin a statement.
sub request
{
	my ($session, $sql) = @_;

	$session->{timer}->start;
	$session->{out} = $session->{err} = '';
	$session->{in} .= "$sql;\n\\echo :SQLSTATE\n\\echo (done)\n";
	eval { $session->{run}->pump_nb };
	return;
}

# What it answered and the SQLSTATE, which is "lost" if the session is gone.
sub answer
{
	my ($session) = @_;

	eval {
		$session->{run}->pump
		  until $session->{out} =~ /^\(done\)$/m || !$session->{run}->pumpable;
	};
	die $@ if $@ =~ /timeout/;
	return ($session->{out}, 'lost')
	  unless $session->{out} =~ /^(.*?)\n?(\w{5})\n\(done\)\n/s;
	return ($1, $2);
}

sub ask
{
	my ($session, $sql) = @_;

	request($session, $sql);
	my ($out, $sqlstate) = answer($session);
	return $sqlstate eq '00000' ? $out : undef;
}

sub quit
{
	my ($session) = @_;

	$session->{in} .= "\\q\n";
	return if eval { $session->{run}->finish };

	# It could not be told; its pipes have to be closed all the same.
	$session->{in} = '';
	eval { $session->{run}->kill_kill };
	return;
}

# A session that looks on, from another database: its snapshots hold up nobody.
my $observer;

sub observe
{
	my $deadline = time + $timeout;

	quit($observer) if $observer;
	for (;;)
	{
		$observer = session('postgres');
		return if defined ask($observer, 'SELECT 1');
		quit($observer);
		die 'the server does not come back' if time > $deadline;
		sleep 0.01;
	}
}

# The server restarts by itself, which ends the observer first of all.
sub wait_for_restart
{
	while (defined ask($observer, 'SELECT 1')) { sleep 0.002; }
	observe();
	return;
}

sub wait_until_gone
{
	my ($pid) = @_;

	sleep 0.002
	  until
	  ask($observer, "SELECT count(*) FROM pg_stat_activity WHERE pid = $pid")
	  eq '0';
	return;
}

# A session that will run, and what is set in it.
my $settings = q{
SELECT concat_ws(' ', current_user, nullif(current_setting('shop.batch', true), ''), string_agg(name || '=' || setting, ' ' ORDER BY name))
FROM pg_settings WHERE source = 'session' OR name IN ('search_path', 'TimeZone', 'DateStyle', 'lock_timeout', 'application_name')};

sub runner
{
	my $session = session($db);

	$session->{settings} = ask($session, $settings);
	$session->{pid}      = ask($session, 'SELECT pg_backend_pid()')
	  // die "could not connect: $session->{err}";
	return $session;
}

#
# What is there
#

sub schema
{
	my ($name) = @_;
	my ($out, $err) = run_command(
		[
			'pg_dump', '--schema-only', '-N', 'pgmig', '-N', 'kills', '-d',
			$node->connstr($name)
		]);

	return "pg_dump: $err" if $err ne '';
	return join "\n", grep { !/^\\(un)?restrict / } split /\n/, $out;
}

# The rest, a line each: contents of tables, what a dump does not tell of the
# catalogs, what is applied, and the log since a run.
sub contents
{
	my ($name, $run) = @_;

	return $node->safe_psql(
		$name, qq{
SELECT format('table %s: %s', c.oid::regclass, kills.rows(c.oid))
FROM pg_class c WHERE relkind IN ('r', 'm') AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'shop')) ORDER BY 1;
SELECT format('enum %s: %s', enumtypid::regtype, string_agg(enumlabel, ', ' ORDER BY enumsortorder)) FROM pg_enum GROUP BY enumtypid ORDER BY 1;
SELECT format('indexes of %s: %s', regexp_replace(indrelid::regclass::text, '\\d{4,}', 'N'), count(*))
FROM pg_index WHERE indrelid >= 16384 AND indrelid <> ALL (SELECT oid FROM pg_class WHERE relnamespace = 'pgmig'::regnamespace) GROUP BY indrelid ORDER BY 1;
SELECT format('invalid index %s', indexrelid::regclass) FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive);
SELECT format('left behind: %s', oid::regclass) FROM pg_class WHERE relname ~ '_cc(new|old)\\d*\$';
SELECT format('detach pending: %s', inhrelid::regclass) FROM pg_inherits WHERE inhdetachpending;
SELECT format('applied: %s', revision) FROM pgmig.applied ORDER BY revision;
SELECT format('unfinished: %s', u) FROM pgmig.unfinished u;
SELECT format('status: %s %s %s %s', current, pending, runner_pid, interrupted_revision) FROM pgmig_status();
SELECT format('run %s: %s', run, outcome) FROM pgmig.run WHERE outcome = 'running';
SELECT format('done in this chain: %s %s, %s times', direction, revision, count(*))
FROM pgmig.run_step WHERE run > $run AND outcome = 'done' GROUP BY direction, revision ORDER BY 1;
SELECT format('step that runs: %s %s', run, revision) FROM pgmig.run_step WHERE outcome = 'running';
SELECT format('lock: %s', l) FROM pg_locks l WHERE locktype = 'advisory';
});
}

sub last_run
{
	return $node->safe_psql($db, 'SELECT coalesce(max(run), 0) FROM pgmig.run');
}

# Lines in which two texts differ.
sub difference
{
	my ($got, $expected) = @_;
	my %got      = map { $_ => 1 } split /\n/, $got;
	my %expected = map { $_ => 1 } split /\n/, $expected;
	my @lines;

	return () if $got eq $expected;
	push @lines, map { "  - $_" } grep { !$got{$_} } split /\n/,      $expected;
	push @lines, map { "  + $_" } grep { !$expected{$_} } split /\n/, $got;
	splice @lines, 40, @lines, '  ...' if @lines > 40;
	return ('  (- as it should be, + as it is)', @lines);
}

# The kind of statement, for the count.
sub kind_of
{
	my ($sql) = @_;

	return "$1 INDEX CONCURRENTLY"
	  if $sql =~ /^(CREATE|DROP)\b.*\bCONCURRENTLY\b/s;
	return 'REINDEX CONCURRENTLY' if $sql =~ /^REINDEX\b.*\bCONCURRENTLY\b/s;
	return 'DETACH PARTITION CONCURRENTLY' if $sql =~ /DETACH.*CONCURRENTLY/s;
	return 'DO or CALL that commits' if $sql =~ /^DO\b.*COMMIT|^CALL.*fill/s;
	return 'DO or CALL that does not commit' if $sql =~ /^(DO|CALL)\b/;
	return 'SET or RESET'                    if $sql =~ /^(SET|RESET)\b/;
	return $1 if $sql =~ /^(VACUUM|ALTER TYPE)\b/;
	return 'other statement of its own transaction';
}

# The statements of each direction in the order in which they run, and where
# those of each revision begin.
my (%statements, %start, %order);

sub kinds_from
{
	my ($direction, $first) = @_;
	my %kinds;
	my $last = $#{ $statements{$direction} };

	push @{ $kinds{ $statements{$direction}[$_]{kind} } }, $_
	  foreach $first .. $last;
	return \%kinds;
}

# Where a walk stands: the index of the next statement, its kind and a
# description.
sub position
{
	my ($direction) = @_;
	my ($revision, $next, $half_done, $sql) = split /\|/,
	  $node->safe_psql(
		$db, qq{
SELECT coalesce(s.interrupted_revision, p.revision, ''), coalesce(s.interrupted_statement, 1), s.interrupted_revision IS NOT NULL, s.interrupted_sql
FROM pgmig_status() s LEFT JOIN pgmig_plan('@{[ $direction eq 'upgrade' ? 'head' : 'base' ]}', '$direction') p ON p.step = 1}
	  ), 4;

	return (scalar @{ $statements{$direction} }, 'the end', 'the end')
	  if $revision eq '';
	my $start = $start{$direction}{$revision};
	my $first = $statements{$direction}[$start] // { kind => 'the end' };
	return ($start, $first->{kind}, $revision)
	  if $first->{kind} eq 'transactional revision';
	return ($start, 'between revisions', "before $revision")
	  if $half_done ne 't' || $sql eq '';
	$sql =~ s/\s+/ /g;
	return (
		$start + $next - 1,
		kind_of($sql), "$revision, statement $next: " . substr($sql, 0, 60));
}

# What a kill left that the next call has to clear up.
sub leavings
{
	return split /\n/,
	  $node->safe_psql(
		$db, q{
SELECT 'invalid index' FROM pg_index WHERE NOT indisvalid AND indexrelid::regclass::text !~ 'event_what_idx|_cc(new|old)' LIMIT 1;
SELECT 'index of REINDEX' FROM pg_class WHERE relname ~ '_cc(new|old)\d*$' LIMIT 1;
SELECT 'pending detach' FROM pg_inherits WHERE inhdetachpending;
SELECT 'half-done revision' FROM pgmig.unfinished;
});
}

#
# Kills
#

sub choose
{
	my $sum = 0;
	my $r   = rand 100;

	foreach (@_)
	{
		$sum += $_->[1];
		return $_->[0] if $r < $sum;
	}
}

# Wait for a moment: in seconds, or for a statement to begin and a little more.
sub wait_for_moment
{
	my ($plan, $session, $direction) = @_;

	if (defined $plan->{statement})
	{
		my $statement = $statements{$direction}[ $plan->{statement} ];

		ask(
			$observer,
			sprintf(
				q{CALL kills.await(%d, '{%s}', %d, %d)},
				$session->{pid}, join(',', @{ $order{$direction} }),
				$statement->{place}, $statement->{number}));
		$plan->{moment} = sprintf '%.1f ms after %s, statement %d began',
		  $plan->{delay} * 1000, $statement->{revision}, $statement->{number};
	}
	else
	{
		$plan->{moment} = sprintf 'after %.1f ms', $plan->{delay} * 1000;
	}
	$plan->{moment} .= ", others $plan->{busy}" if $plan->{busy};
	sleep $plan->{delay} if $plan->{delay} > 0;
	return;
}

# End the run of a session.  Returns what pgmig said where it was, if the
# server was asked to end it and has to.
sub end_run
{
	my ($kind, $session) = @_;
	my $pid = $session->{pid};

	if ($kind eq 'SIGKILL')
	{
		kill 'KILL', $pid;
		wait_for_restart();
	}
	elsif ($kind eq 'immediate stop')
	{
		$node->stop('immediate');
		$node->start;
		observe();
	}
	elsif ($kind eq 'client gone')
	{
		eval { $session->{run}->pump_nb };
		$session->{run}->signal('KILL') unless $session->{out} =~ /^\(done\)$/m;
	}
	else
	{
		return ask($observer,
			"SELECT query FROM pg_stat_activity, pg_${kind}_backend(pid) WHERE pid = $pid"
		);
	}
	return '';
}

# Plan the next kill of a chain that stands before this statement; what kind of
# statement was interrupted last.
sub plan_kill
{
	my ($direction, $next, $interrupted, $duration) = @_;
	my %plan  = (kind => choose(@kinds), overlap => rand() < 0.5);
	my $total = @{ $statements{$direction} };
	my ($aimed, $busy, $at_once) = (rand() < 0.6, rand() < 0.7, rand() < 0.3);
	my ($kind, $which, $delay) = (rand(), rand(), rand());

	if ($busy && $interrupted =~ /CONCURRENTLY/)
	{
		# What it left is being cleared away, or it runs again.
		$plan{busy}  = 'work';
		$plan{delay} = $which * 0.25;
	}
	elsif ($aimed && $next < $total)
	{
		my $kinds = kinds_from($direction, $next);
		my @names =
		  map { ($_) x (/DETACH/ ? 4 : /CONCURRENTLY/ ? 2 : 1) } sort keys %$kinds;
		my @which = @{ $kinds->{ $names[ $kind * @names ] } };

		$plan{statement} = $which[ $which * @which ];
		my $of = $statements{$direction}[ $plan{statement} ]{kind};
		$plan{delay} = $delay * 0.06;
		if ($busy && $of =~ /CONCURRENTLY/)
		{
			$plan{busy} = 'work';
			$plan{delay} = $delay * 0.15 if $of =~ /^(CREATE|RE)/;
		}
		elsif ($busy && $of ne 'transactional revision')
		{
			$plan{busy}  = 'hold';
			$plan{delay} = $delay * 0.1;
		}
		else
		{
			$plan{delay} = $delay**2 * 0.015;
		}
		$plan{delay} = 0 if $at_once && ($plan{busy} // '') ne 'hold';
	}
	else
	{
		# Some more than what is left, since a call takes a time to begin.
		$plan{delay} = $which * $duration * (1.05 - $next / $total);
	}
	return \%plan;
}

# A session that holds up the statement aimed at, or all of them, or its record,
# if the plan says so.
sub begin_work
{
	my ($plan, $pid, $direction) = @_;

	return unless $plan->{busy};
	my $pattern = '%';
	my $session = session($db);

	$pattern = sprintf 'pgmig %% %s %d/%%',
	  @{ $statements{$direction}[ $plan->{statement} ] }{ 'revision', 'number' }
	  if defined $plan->{statement};
	$session->{pid} = ask($session, 'SELECT pg_backend_pid()');
	request($session, "CALL kills.$plan->{busy}($pid, '$pattern')");
	return $session;
}

sub end_work
{
	my ($session) = @_;

	return unless $session;
	ask($observer,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $session->{pid} AND query LIKE 'CALL kills.%'"
	);
	quit($session);
	return;
}

# What is wrong with the way in which a call ended that was to be killed.
sub wrong_end
{
	my ($plan, $session, $sqlstate, $where) = @_;
	my $expected = $plan->{kind} eq 'cancel' ? '57014' : 'lost';
	my @errors;

	push @errors, "the call failed with $sqlstate: $session->{err}"
	  if $sqlstate ne '00000' && $sqlstate ne $expected;
	push @errors, "$plan->{kind} came to nothing, it was sent during: $where"
	  if $sqlstate eq '00000'
	  && defined $where
	  && $where =~ m{^pgmig \w+ (\d+)/(\d+) }
	  && $2 - $1 >= 2;
	if ($plan->{kind} eq 'cancel')
	{
		my $now = ask($session, $settings) // 'lost';

		push @errors,
		  "settings after the call: $now\n  before: $session->{settings}"
		  if $now ne $session->{settings};
	}
	return @errors;
}

# One call and its kill.  Returns whether the call was killed.
#
# Where the server lives on, the next call may come while the session that
# was told to end, or whose client is gone, is still there; and a session
# whose call was canceled may be used again.
sub kill_one
{
	my ($chain, $plan) = @_;
	my $direction = $chain->{direction};
	my $session   = $chain->{session} // runner();
	my $work      = begin_work($plan, $session->{pid}, $direction);

	$chain->{session} = undef;
	ask($session, 'SET client_connection_check_interval = 5')
	  if $plan->{kind} eq 'client gone' && $plan->{overlap};
	request($session, $calls{$direction});
	wait_for_moment($plan, $session, $direction);
	my $where = end_run($plan->{kind}, $session);
	my (undef, $sqlstate) = answer($session);
	end_work($work);
	push @{ $chain->{errors} },
	  wrong_end($plan, $session, $sqlstate, $where);
	if ($plan->{kind} eq 'cancel' && $plan->{overlap})
	{
		$chain->{session} = $session;
	}
	else
	{
		quit($session);
		wait_until_gone($session->{pid}) unless $plan->{overlap};
	}
	return $sqlstate ne '00000';
}

my (%killed, %during, %left);
my ($kills, $failures) = (0, 0);

# A walk that is killed several times.
sub run_chain
{
	my ($number, $direction, $duration, $expected, $expected_schema) = @_;
	my $chain =
	  { direction => $direction, errors => [], run => last_run(), kills => [] };
	my ($next, $kind) = (0, '');

	srand($seed + $number);
	while (@{ $chain->{kills} } < 8 && $kills < $wanted)
	{
		my $plan  = plan_kill($direction, $next, $kind, $duration);
		my $where = 'not known, the run may go on';

		last unless kill_one($chain, $plan);
		$kind = $where;
		$kills++;
		$killed{ $plan->{kind} }++;
		if (!$plan->{overlap} || $plan->{kind} !~ /^(terminate|client gone)$/)
		{
			($next, $kind, $where) = position($direction);
			$left{$_}++ foreach leavings();
		}
		$during{$kind}++;
		push @{ $chain->{kills} }, "$plan->{kind} $plan->{moment}: $where";
		last if $where eq 'the end' || @{ $chain->{errors} };
	}

	my $session  = $chain->{session} // runner();
	request($session, $calls{$direction});
	my (undef, $sqlstate) = answer($session);
	push @{ $chain->{errors} }, "the last call: $sqlstate $session->{err}"
	  if $sqlstate ne '00000';
	quit($session);

	my @difference = difference(contents($db, $chain->{run}), $expected);
	push @{ $chain->{errors} }, 'the state is another', @difference
	  if @difference;
	@difference = difference(schema($db), $expected_schema);
	push @{ $chain->{errors} }, 'the schema is another', @difference
	  if @difference;
	my $ok = ok(!@{ $chain->{errors} },
		"chain $number, $direction, " . @{ $chain->{kills} } . ' kills');
	note("  $_") foreach @{ $chain->{kills} };
	return 1 if $ok;
	diag(join "\n",
		"seed $seed, chain $number (PGMIG_SEED=$seed PGMIG_CHAIN=$number)",
		(map { "  $_" } @{ $chain->{kills} }),
		@{ $chain->{errors} });
	$failures++;
	return 0;
}

#
# The history, undisturbed
#

$node->safe_psql('postgres', q{
CREATE ROLE shop_owner;
CREATE SCHEMA kills;

-- Until the session has come to a statement, or is through.
CREATE PROCEDURE kills.await(watched integer, revisions text[], place integer, statement integer)
LANGUAGE plpgsql
AS $$
DECLARE
    activity record;
    found text[];
BEGIN
    LOOP
        SELECT state, query INTO activity FROM pg_stat_activity WHERE pid = watched;
        EXIT WHEN activity IS NULL OR activity.state = 'idle' AND activity.query NOT LIKE 'S%';
        found := regexp_match(activity.query, '^pgmig \w+ \d+/\d+ (\S+) (\d+)/\d+: ');
        EXIT WHEN (array_position(revisions, found[1]), found[2]::integer) >= (place, statement);
        COMMIT;
    END LOOP;
END;
$$;
});
$node->safe_psql('postgres', "CREATE DATABASE base TEMPLATE template0");
$node->safe_psql(
	'base', q{
CREATE EXTENSION pgmig;
GRANT CREATE ON SCHEMA public TO shop_owner;
CREATE TABLE public.ledger (id integer PRIMARY KEY, amount integer NOT NULL, note text NOT NULL);
INSERT INTO public.ledger SELECT i, i % 100, 'row ' || i FROM generate_series(1, 1000) AS i;
CREATE SCHEMA kills;
CREATE FUNCTION kills.rows(oid) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT count(*) || '' rows, '' || md5(string_agg(t::text, '','' ORDER BY t::text)) FROM %s AS t', $1::regclass) INTO result;
    RETURN result;
END;
$$;

-- Transactions that write to the tables, for which concurrent commands wait:
-- short ones, but long ones when the session has come to the statement.
CREATE PROCEDURE kills.work(watched integer, statement text)
LANGUAGE plpgsql
AS $$
DECLARE
    name text;
BEGIN
    LOOP
        FOREACH name IN ARRAY '{shop.item, shop.event, shop.owned, outside}'::text[] LOOP
            BEGIN
                EXECUTE format('LOCK TABLE %s IN ROW EXCLUSIVE MODE', name);
            EXCEPTION WHEN undefined_table OR invalid_schema_name THEN
                NULL;
            END;
        END LOOP;
        PERFORM pg_sleep(0.005);
        IF (SELECT query LIKE statement FROM pg_stat_get_activity(watched)) THEN
            PERFORM pg_sleep(0.06);
        END IF;
        COMMIT;
    END LOOP;
END;
$$;

-- When the session has come to the statement, keep it from recording its end.
CREATE PROCEDURE kills.hold(watched integer, statement text)
LANGUAGE plpgsql
AS $$
BEGIN
    LOOP
        EXIT WHEN (SELECT query LIKE statement FROM pg_stat_get_activity(watched));
        COMMIT;
    END LOOP;
    LOCK TABLE pgmig.unfinished IN SHARE MODE;
    PERFORM pg_sleep(0.12);
END;
$$;
});
my $document = join "\n", map { slurp_file($_) } sort glob "$history/*.sql";
$node->safe_psql('base', "SELECT pgmig_import(\$kills\$$document\$kills\$)");
$node->safe_psql('postgres',
	"CREATE DATABASE $_ TEMPLATE base STRATEGY file_copy")
  foreach ($db, 'script');
observe();

# By psql, which shares nothing with the runner.
my $script = $node->basedir . '/up.sql';
append_to_file($script,
	$node->safe_psql('script', q{SELECT pgmig_upgrade_sql('head')}));
command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f',
		$script, '-d', $node->connstr('script')
	],
	'the script runs');

# The statements of a direction.  They end where a line does, but in strings.
sub read_statements
{
	my ($direction, $target) = @_;

	foreach my $revision (
		split /\n/,
		$node->safe_psql(
			$db,
			"SELECT revision FROM pgmig_plan('$target', '$direction') ORDER BY step"
		))
	{
		my ($transactional, $count, $body) = split /\|/,
		  $node->safe_psql(
			$db,
			"SELECT ${direction}_transactional, ${direction}_statements, $direction FROM pgmig.revision WHERE revision = '$revision'"
		  ), 3;
		my $number = 0;

		push @{ $order{$direction} }, $revision;
		$start{$direction}{$revision} = @{ $statements{$direction} // [] };
		while ($body =~ /\G\s*((?:\$\$.*?\$\$|[^\$])+?;)\s*?(?:\n|\z)/gs)
		{
			push @{ $statements{$direction} },
			  {
				revision => $revision,
				place    => scalar @{ $order{$direction} },
				number   => ++$number,
				kind     => $transactional eq 't'
				? 'transactional revision'
				: kind_of($1)
			  };
		}
		is($number, $count, "statements of $revision, $direction");
	}
	return;
}

# Up, down, up and down, of which the second time counts.
my (%duration, %state, %schema);
my $base = schema($db);
foreach my $direction (('upgrade', 'downgrade') x 2)
{
	my $target  = $direction eq 'upgrade' ? 'head' : 'base';
	my $run     = last_run();
	my $session = runner();

	read_statements($direction, $target) unless $order{$direction};
	my $start = time;
	request($session, $calls{$direction});
	my (undef, $sqlstate) = answer($session);
	$duration{$direction} = time - $start;
	is($sqlstate, '00000', "undisturbed $direction")
	  or diag($session->{err});
	is(ask($session, $settings), $session->{settings},
		"undisturbed $direction: settings");
	quit($session);
	$state{$direction}  = contents($db, $run);
	$schema{$direction} = schema($db);
	$node->safe_psql('postgres', "CREATE DATABASE head TEMPLATE $db")
	  if $direction eq 'upgrade' && !exists $state{downgrade};
}
is(join("\n", difference($schema{upgrade}, schema('script'))),
	'', 'the schema is that of the script');
is(join("\n", difference($schema{downgrade}, $base)),
	'', 'nothing is left after the downgrade');

sub tables
{
	return join "\n", grep { /^(table|enum|index)/ } split /\n/, shift;
}
is(join("\n", difference(tables($state{upgrade}), tables(contents('script', 0)))),
	'', 'so are the rows');
is(join("\n", difference(tables($state{downgrade}), tables(contents('base', 0)))),
	'', 'rows after the downgrade');
unlike($state{$_}, qr/invalid|left|pending|unfinished|runs|lock:/,
	"undisturbed $_: nothing left over")
  foreach ('upgrade', 'downgrade');

#
# The chains
#

my $begin  = time;
my $number = $only || 1;
my $fresh  = $only;
my $chains = 0;
while ($kills < $wanted && $failures < 10)
{
	my $direction = $number % 2 ? 'upgrade' : 'downgrade';

	# A new database after a failure, and to repeat a chain.  The default
	# strategy copies sequences so that after a crash they give numbers again.
	if ($fresh)
	{
		$node->safe_psql('postgres', "DROP DATABASE $db WITH (FORCE)");
		$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE "
			  . ($direction eq 'upgrade' ? 'base' : 'head')
			  . ' STRATEGY file_copy');
	}
	my $ok = run_chain($number, $direction, $duration{$direction},
		$state{$direction}, $schema{$direction});
	$chains++;
	$fresh = $only || !$ok;
	$number++ unless $only;
}

sub counts
{
	my %count = @_;

	return join ', ', map { "$_: $count{$_}" }
	  sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
}
diag(
	sprintf "%d kills in %d chains, %.0f s; a walk takes %.2f s up, %.2f s down",
	$kills,            $chains, time - $begin,
	$duration{upgrade}, $duration{downgrade});
diag('by ' . counts(%killed));
diag('during ' . counts(%during));
diag('left behind ' . counts(%left));

cmp_ok($kills, '>=', $wanted, 'kills');
my @strange = grep {
	/PANIC:|TRAP:|terminated by signal (?!9:)|\] XX|could not record/
} split /\n/, slurp_file($node->logfile);
is(scalar @strange, 0, 'no crash and no internal error in the log')
  or diag(join "\n", @strange[ 0 .. ($#strange < 20 ? $#strange : 20) ]);

$node->stop;
done_testing();
