# pgmig_verify() on the reference history, with rows in every table: it finds
# nothing that is not so, each fault of a downgrade by name, and leaves the
# database as it was.

use strict;
use warnings FATAL => 'all';

use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib dirname(__FILE__);
use PgmigSession;

$ENV{PGTZ}        = 'UTC';
$ENV{PGDATESTYLE} = 'ISO';
$ENV{PGOPTIONS}   = '-c client_min_messages=warning';
local $SIG{PIPE} = 'IGNORE';

my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;
my $rows    = dirname(__FILE__) . '/data/rows';
my $node    = PostgreSQL::Test::Cluster->new('verify');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
full_page_writes = off
autovacuum = off
log_statement = none
});
$node->start;

# A session that has ended may still be there, and keeps a rehearsal away.
sub is_quiet
{
	my ($db) = @_;

	$node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = '$db' AND state <> 'idle'"
	) or die "database $db is in use";
	return;
}

# All of a database but what a dump has anew each time.
sub dump_of
{
	my ($db) = @_;
	my ($out, $err) =
	  run_command([ 'pg_dump', '--inserts', '-d', $node->connstr($db) ]);

	die "pg_dump: $err" if $err ne '';
	is_quiet($db);
	return join "\n", grep { !/^\\(un)?restrict / } split /\n/, $out;
}

# What a rehearsal says but ok, and how many upgrades have run.
my $upgrades;

sub findings
{
	my ($db, $arguments) = @_;
	my @found = split /\n/, $node->safe_psql(
		$db, qq{
SELECT regexp_replace(concat_ws('|', revision, "check", outcome, kind, identity, coalesce(property, ''),
                                left(coalesce(expected, ''), 150), left(coalesce(found, ''), 150), message), '\\s+', ' ', 'g')
FROM pgmig_verify($arguments)});

	$upgrades = grep { /^\w+\|upgrade\|ok/ } @found;
	return join "\n", grep { !/^\w+\|[a-z ]+\|ok\|*$/ } @found;
}

# The same, of a rehearsal that leaves no trace.
sub findings_are
{
	my ($db, $arguments, $expected, $name) = @_;
	my $before = dump_of($db);

	is(findings($db, $arguments), $expected, $name);
	ok(dump_of($db) eq $before, "$name: the database is as before");
	return;
}

sub database
{
	my ($name, $template) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE $template");
	return;
}

sub session
{
	my ($db) = @_;
	my $session = { in => '', out => '', err => '' };

	$session->{run} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr($db) ],
		'<',
		\$session->{in},
		'>',
		\$session->{out},
		'2>',
		\$session->{err},
		$session->{timer} = IPC::Run::timeout($timeout));
	$session->{pid} = ask($session, 'SELECT pg_backend_pid()');
	return $session;
}

# --- The reference history --------------------------------------------------

database('history', 'template0');
$node->safe_psql('history',
	q{CREATE EXTENSION pgmig; SELECT pgmig_load('migrations')});
my @plan = split /\n/,
  $node->safe_psql('history',
	'SELECT revision FROM pgmig_plan() ORDER BY step');
findings_are('history', '', '', 'from base on an empty database');
is($upgrades, 52, 'all revisions were run');

# What these downgrades change for good, as t/data/README says.
my $logs =
  'add_time_series_partitioning|downgrade|differs|rows|public.logs|extra|8 values|8 values, others';
my $vectors =
  'fix_search_vector_backfill|downgrade|differs|rows|public.events|search_vector|18 values|19 values';
my %points = (8 => "$vectors\n$logs", 36 => '');
database('filled', 'history');
my $step = 0;
foreach my $revision (@plan)
{
	my $sql = "SELECT pgmig_upgrade('$revision');\n";

	$sql .= slurp_file("$rows/$revision.sql") if -e "$rows/$revision.sql";
	$node->safe_psql('filled', $sql);
	$step++;
	findings_are('filled', '', $points{$step},
		"over rows, from revision $step of 52")
	  if exists $points{$step};
}

# What is lost by going down and up, and by no other revision.  One is no
# loss: it keeps links in a column that was there before.
findings_are('filled', q{'base', direction => 'downgrade'}, <<'EOT' =~ s/\n\z//r, 'down from the head, over rows');
add_trust_status_to_entities|upgrade again|loses|rows|public.entities|trust_status|2 values|2 values, others
add_alert_version_id_column|upgrade again|loses|rows|public.alerts|version_id|2 values|2 values, others
add_row_version_pv|upgrade again|loses|rows|public.prompt_versions|row_version|7 values|7 values, others
add_4_feedback_types|upgrade again|loses|rows|public.user_calibration|correct_count|2 values|2 values, others
add_4_feedback_types|upgrade again|loses|rows|public.user_calibration|severity_wrong_count|2 values|2 values, others
add_job_transitions|upgrade again|loses|rows|public.job_transitions||2|0
add_snooze_until_column|upgrade again|loses|rows|public.events_default|snooze_until|1 values|0 values
add_snooze_until_column|upgrade again|loses|rows|public.events_y2025m12|snooze_until|1 values|0 values
add_entity_model|upgrade again|loses|rows|public.entities||2|0
add_deleted_at_soft_delete|upgrade again|loses|rows|public.cameras|deleted_at|1 values|0 values
create_scene_changes_table|upgrade again|loses|rows|public.scene_changes||2|0
create_scene_changes_table|upgrade again|loses|sequence|public.scene_changes_id_seq|last_value|2|none, next 1
add_user_feedback_calibration|upgrade again|loses|rows|public.event_feedback||9|0
add_user_feedback_calibration|upgrade again|loses|rows|public.user_calibration||2|0
add_user_feedback_calibration|upgrade again|loses|sequence|public.event_feedback_id_seq|last_value|9|none, next 1
add_user_feedback_calibration|upgrade again|loses|sequence|public.user_calibration_id_seq|last_value|2|none, next 1
add_notification_preferences|upgrade again|loses|rows|public.camera_notification_settings||2|0
add_notification_preferences|upgrade again|loses|rows|public.notification_preferences|risk_filters|1 values|1 values, others
add_notification_preferences|upgrade again|loses|rows|public.notification_preferences|sound|1 values|1 values, others
add_notification_preferences|upgrade again|loses|rows|public.quiet_hours_periods||2|0
add_time_series_partitioning|upgrade again|loses|rows|public.detections_y2025m12|duration|1 values|0 values
add_time_series_partitioning|upgrade again|loses|rows|public.detections_y2025m12|video_codec|1 values|0 values
add_time_series_partitioning|upgrade again|loses|rows|public.detections_y2025m12|video_height|1 values|0 values
add_time_series_partitioning|upgrade again|loses|rows|public.detections_y2025m12|video_width|1 values|0 values
add_time_series_partitioning|upgrade again|loses|rows|public.detections_y2026m02|media_type|0 values|1 values
add_time_series_partitioning|upgrade again|loses|rows|public.events_default|deleted_at|1 values|0 values
add_time_series_partitioning|upgrade again|loses|rows|public.events_y2026m01|deleted_at|1 values|0 values
add_event_detections_junction|upgrade again|loses|rows|public.event_detections|created_at|19 values|19 values, others
add_event_detections_junction|upgrade again|differs|rows|public.events|detection_ids|16 values|18 values
add_prompt_configs|upgrade again|loses|rows|public.prompt_configs||2|0
add_prompt_configs|upgrade again|loses|sequence|public.prompt_configs_id_seq|last_value|2|none, next 1
add_enrichment_data|upgrade again|loses|rows|public.detections|enrichment_data|6 values|0 values
add_prompt_versions|upgrade again|loses|rows|public.prompt_versions||7|0
add_prompt_versions|upgrade again|loses|sequence|public.prompt_versions_id_seq|last_value|7|none, next 1
add_event_audits|upgrade again|loses|rows|public.event_audits||2|0
add_event_audits|upgrade again|loses|sequence|public.event_audits_id_seq|last_value|2|none, next 1
add_llm_prompt|upgrade again|loses|rows|public.events|llm_prompt|2 values|0 values
add_clip_path|upgrade again|loses|rows|public.events|clip_path|3 values|0 values
add_baselines|upgrade again|loses|rows|public.activity_baselines||3|0
add_baselines|upgrade again|loses|rows|public.class_baselines||2|0
add_baselines|upgrade again|loses|sequence|public.activity_baselines_id_seq|last_value|3|none, next 1
add_baselines|upgrade again|loses|sequence|public.class_baselines_id_seq|last_value|2|none, next 1
add_audit_logs|upgrade again|loses|rows|public.audit_logs||7|0
add_audit_logs|upgrade again|loses|sequence|public.audit_logs_id_seq|last_value|7|none, next 1
add_zones_001|upgrade again|loses|rows|public.zones||2|0
add_alerts_rules|upgrade again|loses|rows|public.alert_rules||2|0
add_alerts_rules|upgrade again|loses|rows|public.alerts||2|0
20251228_fts|upgrade again|loses|rows|public.events|object_types|3 values|0 values
20251228_fts|upgrade again|loses|rows|public.events|search_vector|24 values|24 values, others
968b0dff6a9b|upgrade again|loses|rows|public.api_keys||2|0
968b0dff6a9b|upgrade again|loses|rows|public.cameras||7|0
968b0dff6a9b|upgrade again|loses|rows|public.detections||11|0
968b0dff6a9b|upgrade again|loses|rows|public.events||24|0
968b0dff6a9b|upgrade again|loses|rows|public.gpu_stats||10|0
968b0dff6a9b|upgrade again|loses|rows|public.logs||14|0
968b0dff6a9b|upgrade again|loses|sequence|public.api_keys_id_seq|last_value|2|none, next 1
968b0dff6a9b|upgrade again|loses|sequence|public.detections_id_seq|last_value|11|none, next 1
968b0dff6a9b|upgrade again|loses|sequence|public.events_id_seq|last_value|24|none, next 1
968b0dff6a9b|upgrade again|loses|sequence|public.gpu_stats_id_seq|last_value|10|none, next 1
968b0dff6a9b|upgrade again|loses|sequence|public.logs_id_seq|last_value|14|none, next 1
EOT

# --- Faults in its downgrades -----------------------------------------------

# In a downgrade, one text takes the place of another.
my @broken = (
	[ 'add_composite_indexes_filters', 'DROP INDEX idx_logs_time_level;', '' ],
	[
		'add_gpu_stats_recorded_at_brin',
		'CREATE INDEX idx_gpu_stats_recorded_at ON gpu_stats (recorded_at);', ''
	],
	[ '1c42824dcb07', 'DROP FUNCTION logs_search_vector_update();', '' ],
	[ 'add_zones_001',               'DROP TYPE zone_shape_enum;', '' ],
	[ 'add_trust_status_to_entities', 'DROP CONSTRAINT ck_entities_trust_status,', '' ],
	[ 'add_clip_path', 'DROP COLUMN clip_path', 'DROP COLUMN notes' ],
	[ 'add_enrichment_data', 'ALTER TABLE detections DROP COLUMN enrichment_data;', '' ],
	[
		'add_snooze_until_column', 'ALTER TABLE events DROP COLUMN snooze_until;',
		'ALTER TABLE events DROP COLUMN snooze_until, ALTER reviewed SET DEFAULT true;'
	],
	[ 'add_llm_prompt', ';', '; GRANT SELECT ON cameras TO PUBLIC;' ],
);
my $user = $node->safe_psql('history', 'SELECT quote_ident(current_user)');
database('broken', 'history');
foreach my $broken (@broken)
{
	my ($revision, $from, $to) = @$broken;
	my $downgrade =
	  $node->safe_psql('broken', "SELECT downgrade FROM pgmig_show('$revision')");

	$downgrade =~ s/\Q$from\E/$to/
	  or die "the downgrade of $revision has no \"$from\"";
	$node->safe_psql('broken',
		"SELECT pgmig_edit('$revision', downgrade => \$pgmig\$$downgrade\$pgmig\$)");
}
is(findings('broken', '') =~ s/\b$user\b/me/gr, <<'EOT' =~ s/\n\z//r, 'broken downgrades of the history');
add_zones_001|downgrade|differs|enum|public.zone_shape_enum|||labels: rectangle, polygon; owner: me|It is there, and was not before.
add_zones_001|upgrade again|failed||||type "zone_shape_enum" already exists (SQLSTATE 42710), statement 2, line 2
add_clip_path|downgrade|differs|column|public.events.clip_path|||type: character varying|It is there, and was not before.
add_clip_path|downgrade|differs|column|public.events.notes||type: text||It is gone.
add_clip_path|upgrade again|failed||||column "clip_path" of relation "events" already exists (SQLSTATE 42701), statement 1, line 1
add_llm_prompt|downgrade|differs|table|public.cameras|grants.public||SELECT
add_llm_prompt|upgrade again|differs|table|public.cameras|grants.public||SELECT
add_enrichment_data|downgrade|differs|column|public.detections.enrichment_data|||type: jsonb|It is there, and was not before.
add_enrichment_data|upgrade again|failed||||column "enrichment_data" of relation "detections" already exists (SQLSTATE 42701), statement 1, line 1
add_composite_indexes_filters|downgrade|differs|index|public.idx_logs_time_level|||definition: CREATE INDEX idx_logs_time_level ON public.logs USING btree ("timestamp", level)|It is there, and was not before.
add_composite_indexes_filters|upgrade again|failed||||relation "idx_logs_time_level" already exists (SQLSTATE 42P07), statement 7, line 7
add_gpu_stats_recorded_at_brin|downgrade|differs|index|public.idx_gpu_stats_recorded_at||definition: CREATE INDEX idx_gpu_stats_recorded_at ON public.gpu_stats USING btree (recorded_at)||It is gone.
add_gpu_stats_recorded_at_brin|upgrade again|failed||||index "idx_gpu_stats_recorded_at" does not exist (SQLSTATE 42704), statement 1, line 1
1c42824dcb07|downgrade|differs|function|public.logs_search_vector_update()|||arguments: ; body: BEGIN NEW.search_vector := setweight(to_tsvector('pg_catalog.english', left(coalesce(NEW.message, ''), 100000)), 'A') |It is there, and was not before.
1c42824dcb07|upgrade again|failed||||function "logs_search_vector_update" already exists with same argument types (SQLSTATE 42723), statement 2, line 5
add_snooze_until_column|downgrade|differs|column|public.events.reviewed|default|false|true
add_snooze_until_column|downgrade|differs|column|public.events_default.reviewed|default|false|true
add_snooze_until_column|downgrade|differs|column|public.events_y2025m12.reviewed|default|false|true
add_snooze_until_column|downgrade|differs|column|public.events_y2026m01.reviewed|default|false|true
add_snooze_until_column|downgrade|differs|column|public.events_y2026m02.reviewed|default|false|true
add_snooze_until_column|upgrade again|differs|column|public.events.reviewed|default|false|true
add_snooze_until_column|upgrade again|differs|column|public.events_default.reviewed|default|false|true
add_snooze_until_column|upgrade again|differs|column|public.events_y2025m12.reviewed|default|false|true
add_snooze_until_column|upgrade again|differs|column|public.events_y2026m01.reviewed|default|false|true
add_snooze_until_column|upgrade again|differs|column|public.events_y2026m02.reviewed|default|false|true
EOT

# --- Faults of all kinds ----------------------------------------------------

# A revision with what those after it change, then a revision for each fault:
# what it does, and what its downgrade does instead of what it should.
my $things = <<'EOT';
CREATE TABLE thing (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    a int NOT NULL DEFAULT 1,
    b varchar(10) COLLATE "C",
    doubled int GENERATED ALWAYS AS (a * 2) STORED,
    CONSTRAINT positive CHECK (a > 0)
);
COMMENT ON COLUMN thing.b IS 'text';
CREATE INDEX thing_a ON thing (a) WHERE a > 1;
CREATE INDEX thing_b ON thing (b);
COMMENT ON INDEX thing_b IS 'for b';
CREATE TABLE child (thing int CONSTRAINT child_fk REFERENCES thing ON DELETE CASCADE);
CREATE TYPE colour AS ENUM ('red', 'amber', 'green');
CREATE VIEW watched AS SELECT a FROM thing;
CREATE VIEW seen AS SELECT a FROM thing;
GRANT SELECT ON seen TO other;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER off BEFORE INSERT ON thing FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE thing DISABLE TRIGGER off;
CREATE TABLE kept (id int, v text, n int);
INSERT INTO kept VALUES (1, 'One', 1), (2, 'Two', 2), (3, NULL, 3);
CREATE SEQUENCE numbers OWNED BY kept.n;
ALTER TABLE kept ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON kept FOR SELECT TO other USING (n > 0);
CREATE TABLE owned (id int);
ALTER TABLE owned OWNER TO other;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT n * 2';
CREATE TABLE parted (a int) PARTITION BY LIST (a);
CREATE TABLE parted1 PARTITION OF parted FOR VALUES IN (1);
CREATE STATISTICS thing_stat ON a, b FROM thing;
CREATE RULE quiet AS ON DELETE TO owned DO INSTEAD NOTHING;
CREATE DOMAIN short AS text CHECK (length(VALUE) < 10);
CREATE TABLE made (id serial, v text);
INSERT INTO made (v) VALUES ('x'), ('y');
EOT
my $gone = <<'EOT' =~ s/\s+/ /gr;
DROP TABLE thing, child, kept, owned, parted, made CASCADE; DROP TYPE colour; DROP DOMAIN short;
DROP FUNCTION touch, twice;
EOT
my @faults = (
	[ 'forgotten index', 'DROP INDEX thing_a', '' ],
	[ 'wrong default',   'ALTER TABLE thing ALTER a SET DEFAULT 2', 'ALTER TABLE thing ALTER a SET DEFAULT 3' ],
	[ 'lost comment', 'DROP INDEX thing_b', 'CREATE INDEX thing_b ON thing (b)' ],
	[ 'order of enum', 'DROP TYPE colour', q{CREATE TYPE colour AS ENUM ('green', 'amber', 'red')} ],
	[ 'lost grant', 'DROP VIEW seen', 'CREATE VIEW seen AS SELECT a FROM thing' ],
	[ 'enabled trigger', 'DROP TRIGGER off ON thing', 'CREATE TRIGGER off BEFORE INSERT ON thing FOR EACH ROW EXECUTE FUNCTION touch()' ],
	[ 'lost rows', 'CREATE TABLE brief (id int)', 'DROP TABLE brief; DELETE FROM kept WHERE id = 2' ],
	[ 'changed rows', 'UPDATE kept SET v = upper(v)', 'UPDATE kept SET v = lower(v)' ],
	[ 'swapped rows', 'UPDATE kept SET n = -n', 'UPDATE kept SET n = 4 + n' ],
	[ 'lost NOT NULL', 'ALTER TABLE thing ALTER a DROP NOT NULL', '' ],
	[ 'lost CHECK', 'ALTER TABLE thing DROP CONSTRAINT positive', '' ],
	[ 'wrong action', 'ALTER TABLE child DROP CONSTRAINT child_fk', 'ALTER TABLE child ADD CONSTRAINT child_fk FOREIGN KEY (thing) REFERENCES thing' ],
	[ 'lost ownership', 'ALTER SEQUENCE numbers OWNED BY NONE', '' ],
	[ 'wrong type', 'ALTER TABLE thing ALTER b TYPE varchar(20) COLLATE "C"', 'ALTER TABLE thing ALTER b TYPE varchar COLLATE "C"' ],
	[ 'lost policy', 'DROP POLICY mine ON kept', '' ],
	[ 'lost row security', 'ALTER TABLE kept DISABLE ROW LEVEL SECURITY', '' ],
	[ 'wrong owner', 'ALTER TABLE owned OWNER TO another', '' ],
	[ 'lost volatility', 'DROP FUNCTION twice(int)', q{CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql STRICT AS 'SELECT n * 2'} ],
	[ 'view changed', 'CREATE OR REPLACE VIEW watched AS SELECT a FROM thing WHERE a > 5', '' ],
	[ 'leftover table', 'CREATE TABLE left_behind (id int)', '' ],
	[ 'leftover type', 'CREATE TYPE left_type AS (a int)', '' ],
	[ 'leftover function', q{CREATE OR REPLACE FUNCTION left_function() RETURNS int LANGUAGE sql AS 'SELECT 1'}, '' ],
	[ 'storage parameter', 'ALTER TABLE kept SET (fillfactor = 50)', 'ALTER TABLE kept SET (fillfactor = 100)' ],
	[ 'statistics target', 'ALTER TABLE kept ALTER v SET STATISTICS 50', 'ALTER TABLE kept ALTER v SET STATISTICS 100' ],
	[ 'replica identity', 'ALTER TABLE kept REPLICA IDENTITY FULL', '' ],
	[ 'wrong expression', 'ALTER TABLE thing DROP doubled', 'ALTER TABLE thing ADD doubled int GENERATED ALWAYS AS (a * 3) STORED' ],
	[ 'identity', 'ALTER TABLE thing ALTER id SET GENERATED BY DEFAULT', '' ],
	[ 'detached partition', 'ALTER TABLE parted DETACH PARTITION parted1', '' ],
	[ 'lost statistics', 'DROP STATISTICS thing_stat', '' ],
	[ 'lost rule', 'DROP RULE quiet ON owned', '' ],
	[ 'domain without check', 'DROP DOMAIN short', 'CREATE DOMAIN short AS text' ],
	[ 'sequence', 'ALTER SEQUENCE numbers INCREMENT 5', 'ALTER SEQUENCE numbers INCREMENT 2' ],
	[ 'rows of a table made anew', 'ALTER TABLE made ADD w int', q{DROP TABLE made; CREATE TABLE made (id serial, v text); INSERT INTO made (v) VALUES ('x')} ],
	[ 'wrong name', 'ALTER TABLE made RENAME v TO vv', 'ALTER TABLE made RENAME vv TO V2' ],
	[ 'error', 'CREATE TABLE briefer (id int)', 'DROP TABLE briefer; DROP TABLE missing' ],
	[ 'unlogged', 'ALTER TABLE made SET UNLOGGED', '' ],
	[ 'default privileges', 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO other', '' ],
);
my $document = "-- things\n-- Revision ID: things\n-- Revises: \@HEAD\@\n-- pgmig: upgrade\n$things\n-- pgmig: downgrade\n$gone\n";
my $head = $plan[-1];
my $last = 'things';
my %id;
$document =~ s/\@HEAD\@/$head/;
foreach my $fault (@faults)
{
	my ($name, $upgrade, $downgrade) = @$fault;
	my $id = $name =~ s/ /_/gr;

	$document .= "\n-- $name\n-- Revision ID: $id\n-- Revises: $last\n-- pgmig: upgrade\n$upgrade;\n-- pgmig: downgrade\n$downgrade\n";
	$last = $id;
}
$node->safe_psql('filled', "CREATE ROLE other; CREATE ROLE another; SELECT pgmig_import(\$pgmig\$$document\$pgmig\$)");
my $before = dump_of('filled');
my $found = findings('filled', '') =~ s/\b$user\b/me/gr;
is($found, <<'EOT' =~ s/\n\z//r, scalar(@faults) . ' faults, each by name, and nothing else');
forgotten_index|downgrade|differs|index|public.thing_a||definition: CREATE INDEX thing_a ON public.thing USING btree (a) WHERE (a > 1)||It is gone.
forgotten_index|upgrade again|failed||||index "thing_a" does not exist (SQLSTATE 42704), statement 1, line 1
wrong_default|downgrade|differs|column|public.thing.a|default|1|3
lost_comment|downgrade|differs|index|public.thing_b|comment|for b|
order_of_enum|downgrade|differs|enum|public.colour|labels|red, amber, green|green, amber, red
lost_grant|downgrade|differs|view|public.seen|grants.other|SELECT|
enabled_trigger|downgrade|differs|trigger|off on public.thing|enabled|disabled|
lost_rows|downgrade|differs|rows|public.kept||3|2
lost_rows|upgrade again|differs|rows|public.kept||3|2
changed_rows|downgrade|differs|rows|public.kept|v|2 values|2 values, others
swapped_rows|downgrade|differs|rows|public.kept||3 rows|3 rows, with values in other rows
swapped_rows|upgrade again|differs|rows|public.kept||3 rows|3 rows, with values in other rows
lost_NOT_NULL|downgrade|differs|column|public.thing.a|not_null|true|
lost_CHECK|downgrade|differs|constraint|positive on public.thing||columns: a; definition: CHECK ((a > 0)); type: check||It is gone.
lost_CHECK|upgrade again|failed||||constraint "positive" of relation "thing" does not exist (SQLSTATE 42704), statement 1, line 1
wrong_action|downgrade|differs|constraint|child_fk on public.child|definition|FOREIGN KEY (thing) REFERENCES public.thing(id) ON DELETE CASCADE|FOREIGN KEY (thing) REFERENCES public.thing(id)
lost_ownership|downgrade|differs|sequence|public.numbers|owned_by|public.kept.n|
wrong_type|downgrade|differs|column|public.thing.b|type|character varying(10)|character varying
lost_policy|downgrade|differs|policy|mine on public.kept||command: select; roles: other; using: (n > 0)||It is gone.
lost_policy|upgrade again|failed||||policy "mine" for table "kept" does not exist (SQLSTATE 42704), statement 1, line 1
lost_row_security|downgrade|differs|table|public.kept|row_security|true|
wrong_owner|downgrade|differs|table|public.owned|owner|other|another
lost_volatility|downgrade|differs|function|public.twice(integer)|volatility|immutable|volatile
view_changed|downgrade|differs|view|public.watched|definition| SELECT a FROM public.thing| SELECT a FROM public.thing WHERE (a > 5)
leftover_table|downgrade|differs|table|public.left_behind|||owner: me|It is there, and was not before.
leftover_table|upgrade again|failed||||relation "left_behind" already exists (SQLSTATE 42P07), statement 1, line 1
leftover_type|downgrade|differs|composite type|public.left_type|||columns: a; owner: me|It is there, and was not before.
leftover_type|upgrade again|failed||||type "left_type" already exists (SQLSTATE 42710), statement 1, line 1
leftover_function|downgrade|differs|function|public.left_function()|||arguments: ; body: SELECT 1; language: sql; owner: me; parallel: unsafe; returns: integer; volatility: volatile|It is there, and was not before.
storage_parameter|downgrade|differs|table|public.kept|options.fillfactor||100
statistics_target|downgrade|differs|column|public.kept.v|statistics||100
replica_identity|downgrade|differs|table|public.kept|replica_identity||full
wrong_expression|downgrade|differs|column|public.thing.doubled|expression|(a * 2)|(a * 3)
identity|downgrade|differs|column|public.thing.id|identity|always|by default
detached_partition|downgrade|differs|table|public.parted1|partition_bound|FOR VALUES IN (1)|
detached_partition|downgrade|differs|table|public.parted1|partition_of|public.parted|
detached_partition|downgrade|differs|column|public.parted1.a|inherited|true|
detached_partition|upgrade again|failed||||relation "parted1" is not a partition of relation "parted" (SQLSTATE 42P01), statement 1, line 1
lost_statistics|downgrade|differs|statistics|public.thing_stat||definition: CREATE STATISTICS public.thing_stat ON a, b FROM public.thing; owner: me||It is gone.
lost_statistics|upgrade again|failed||||statistics object "thing_stat" does not exist (SQLSTATE 42704), statement 1, line 1
lost_rule|downgrade|differs|rule|quiet on public.owned||definition: CREATE RULE quiet AS ON DELETE TO public.owned DO INSTEAD NOTHING;||It is gone.
lost_rule|upgrade again|failed||||rule "quiet" for relation "owned" does not exist (SQLSTATE 42704), statement 1, line 1
domain_without_check|downgrade|differs|domain constraint|short_check on public.short||definition: CHECK ((length(VALUE) < 10))||It is gone.
sequence|downgrade|differs|sequence|public.numbers|increment|1|2
rows_of_a_table_made_anew|downgrade|differs|rows|public.made||2|1
rows_of_a_table_made_anew|downgrade|differs|sequence|public.made_id_seq|last_value|2|1
rows_of_a_table_made_anew|upgrade again|differs|rows|public.made||2|1
rows_of_a_table_made_anew|upgrade again|differs|sequence|public.made_id_seq|last_value|2|1
wrong_name|downgrade|differs|column|public.made.v||type: text||It is gone.
wrong_name|downgrade|differs|column|public.made.v2|||type: text|It is there, and was not before.
wrong_name|upgrade again|failed||||column "v" does not exist (SQLSTATE 42703), statement 1, line 1
error|downgrade|failed||||table "missing" does not exist (SQLSTATE 42P01), statement 2, line 1
unlogged|downgrade|differs|sequence|public.made_id_seq|unlogged||true
unlogged|downgrade|differs|table|public.made|unlogged||true
default_privileges|downgrade|differs|default privileges|for role me on tables|||grants: other: SELECT; owner: me|It is there, and was not before.
EOT
ok(dump_of('filled') eq $before, 'faults: the database is as before');
is($upgrades, @faults + 1, 'all of them were run');

# --- What other sessions see ------------------------------------------------

# Nobody hears of revisions that were not applied.
my $listener = session('history');
must($listener, 'LISTEN pgmig');
must($listener, q{SELECT count(*) FROM pgmig_verify('+3')});
must($listener, 'SELECT 1');
unlike($listener->{out}, qr/notification/, 'nothing is sent');
must($listener, q{BEGIN; SELECT count(*) FROM pgmig_verify('+3')});
like(must($listener, q{SELECT count(*) FROM pgmig_upgrade('+1'); COMMIT; SELECT 1}),
	qr/notification "pgmig"/, 'but by the run that follows');
unlike($listener->{out}, qr/$plan[1]/, '... of that only');
quit($listener);

# A sequence: who draws from it meanwhile waits, and misses no number.
database('sequence', 'template0');
$node->safe_psql('sequence', <<'EOT');
CREATE EXTENSION pgmig;
CREATE SEQUENCE seq;
SELECT nextval('seq');
SELECT pgmig_import('
-- one
-- Revision ID: one
-- pgmig: upgrade
CREATE TABLE t (a bigint);
INSERT INTO t SELECT nextval(''seq'') FROM generate_series(1, 10);
SELECT pg_advisory_xact_lock_shared(1);
-- pgmig: downgrade
DROP TABLE t;
');
EOT
my ($holder, $verifier, $drawer) = map { session('sequence') } (1 .. 3);
must($holder, 'SELECT pg_advisory_lock(1)');
request($verifier, 'SELECT count(*) FROM pgmig_verify()');
ok($node->poll_query_until('postgres', "SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $verifier->{pid}"),
	'a rehearsal waits');
request($drawer, q{SELECT nextval('seq')});
ok($node->poll_query_until('postgres', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $drawer->{pid}"),
	'another session waits for the sequence');
must($holder, 'SELECT pg_advisory_unlock(1)');
is(answer($verifier), '3', 'the rehearsal ends');
is(answer($drawer), '2', 'the next number');
is(must($verifier, q{SELECT nextval('seq')}), '3', '... and the next');

# A rehearsal that is cancelled, and one that is ended.
foreach my $function ('pg_cancel_backend', 'pg_terminate_backend')
{
	my $dump = dump_of('sequence');

	must($holder, 'SELECT pg_advisory_lock(1)');
	request($verifier, 'SELECT count(*) FROM pgmig_verify()');
	ok($node->poll_query_until('postgres', "SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $verifier->{pid}"),
		"$function: a rehearsal waits");
	must($holder, "SELECT $function($verifier->{pid})");
	answer($verifier);
	is($verifier->{state}, $function eq 'pg_cancel_backend' ? '57014' : 'lost', $function);
	must($holder, 'SELECT pg_advisory_unlock(1)');
	next if $function ne 'pg_cancel_backend';
	ok(dump_of('sequence') eq $dump, "$function: the database is as before");
	is(must($verifier, 'SELECT count(*) FROM pgmig_verify()'), '3', "$function: the next one works");
	is(must($verifier, q{SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('advisory', 'object')}),
		'0', "$function: no lock is left");
}
is($node->safe_psql('sequence', q{SELECT to_regclass('t') IS NULL, (SELECT count(*) FROM pgmig.run)}),
	't|0', 'nothing is left of one that was ended');
quit($_) foreach ($holder, $drawer);

$node->stop;
done_testing();
