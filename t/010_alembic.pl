# Plans, histories and stamps as Alembic's, order included.
#
# t/alembic_oracle.py invents graphs, with questions about each, and asks the
# installed Alembic; here pgmig gets the same graphs and questions.  The same
# is done for the reference history, from every revision to every other end.
#
# PGMIG_ALEMBIC_SEED and PGMIG_ALEMBIC_GRAPHS choose other graphs, and how many.

use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed   = $ENV{PGMIG_ALEMBIC_SEED}   || 1;
my $graphs = $ENV{PGMIG_ALEMBIC_GRAPHS} || 300;
my $oracle = dirname(__FILE__) . '/alembic_oracle.py';
my $migrations = abs_path(dirname(__FILE__) . '/../migrations');

$ENV{PYTHONDONTWRITEBYTECODE} = 1;
my ($python, $version);
foreach my $command ('python3', '/usr/bin/python3')
{
	$version = `$command -c 'import alembic; print(alembic.__version__)' 2>/dev/null`;
	next if $? != 0;
	$python = $command;
	last;
}
plan skip_all => 'Alembic is not installed' if !defined $python;
chomp $version;
note "Alembic $version, seed $seed, $graphs graphs";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
synchronous_commit = off
log_statement = none
log_min_messages = fatal
});
$node->start;
$node->safe_psql('postgres', <<'EOS');
CREATE EXTENSION pgmig;

-- Revision documents of a graph: "id:parents^dependencies#labels", all but
-- the id optional, separated by blanks.
CREATE FUNCTION documents(graph text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(
           format(E'-- %s\n--\n-- Revision ID: %s\n-- Revises: %s\n'
                  '-- Branch Labels: %s\n-- Depends On: %s\n\n'
                  '-- pgmig: upgrade\n-- pgmig: downgrade\n',
                  m[1], m[1], m[2], m[4], m[3]),
           E'\n' ORDER BY n)
  FROM unnest(string_to_array(graph, ' ')) WITH ORDINALITY AS r (text, n),
       regexp_matches(text, '^([^:^#]+)(?::([^^#]*))?(?:\^([^#]*))?(?:#(.*))?$') AS m
$$;

-- The answer to a question, as the oracle gives it; heads are the revisions
-- at which the database stands.
CREATE FUNCTION answer(heads text, command text, target text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  found text[];
  hint text;
BEGIN
  PERFORM pgmig_stamp(CASE heads WHEN '' THEN '{base}' ELSE string_to_array(heads, ' ') END,
                      purge => true);
  IF command = 'stamp' THEN
    PERFORM pgmig_stamp(string_to_array(target, ','));
    SELECT array_agg(r.revision ORDER BY r.load_order) INTO found
      FROM pgmig.revision r JOIN pgmig.applied a ON a.revision = r.revision;
    RETURN concat_ws(' ', 'set', array_to_string(found, ' '));
  ELSIF command = 'history' THEN
    SELECT array_agg(revision ORDER BY ordinality) INTO found
      FROM pgmig_history(target) WITH ORDINALITY;
  ELSIF command = 'current' THEN
    SELECT array_agg(revision ORDER BY ordinality) INTO found
      FROM pgmig_current() WITH ORDINALITY;
  ELSIF command = 'heads' THEN
    SELECT array_agg(revision ORDER BY ordinality) INTO found
      FROM pgmig_heads() WITH ORDINALITY;
  ELSE
    SELECT array_agg(revision ORDER BY step) INTO found
      FROM pgmig_plan(target, command);
  END IF;
  RETURN concat_ws(' ', 'ok', array_to_string(found, ' '));
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN CASE
    WHEN SQLSTATE LIKE 'XX%' THEN 'internal error: ' || SQLERRM
    WHEN hint = '' THEN 'error without a hint: ' || SQLERRM
    ELSE 'error'
  END;
END
$$;
EOS

# Put the oracle's questions to pgmig.  Each graph is loaded in a transaction
# of its own, which is rolled back.
sub compare
{
	my ($what, $load, @arguments) = @_;
	my ($out, $err) = run_command([ $python, $oracle, @arguments ]);
	my (@cases, $graph, %asked, %wrong, %any);
	my $sql = "SET client_min_messages = warning;\n";

	is($err, '', "$what: the oracle has answered");
	foreach my $line (split /\n/, $out)
	{
		my ($kind, @fields) = split /\t/, $line, -1;

		if ($kind eq 'graph')
		{
			$sql .= "ROLLBACK;\n" if defined $graph;
			$graph = $fields[0];
			$sql .= "BEGIN;\nDO \$\$ BEGIN PERFORM ";
			$sql .= $load =~ s/GRAPH/'$graph'/r;
			$sql .= "; END \$\$;\n";
			next;
		}
		my ($heads, $command, $target, $outcome, $revisions) = @fields;

		push @cases, [ $graph, $heads, $command, $target,
			join(' ', $outcome, $revisions || ()) ];
		$sql .= "SELECT answer('$heads', '$command', '$target');\n";
	}
	$sql .= "ROLLBACK;\n";

	my @answers = split /\n/, $node->safe_psql('postgres', $sql);
	is(scalar(@answers), scalar(@cases), "$what: pgmig has answered");
	foreach my $case (@cases)
	{
		my ($graph, $heads, $command, $target, $expected) = @$case;
		my $answer = shift @answers;

		$asked{$command}++;
		$wrong{$command} += 0;
		$any{$command}   += $expected eq 'any';
		next if $answer eq $expected;
		next if $expected eq 'any' && $answer !~ /^(internal|error without)/;
		diag("$command $target\n  graph:   $graph\n  heads:   $heads\n"
			  . "  Alembic: $expected\n  pgmig:   $answer")
		  if $wrong{$command}++ < 5;
	}
	foreach my $command (sort keys %asked)
	{
		my $compared = $asked{$command} - $any{$command};

		is($wrong{$command}, 0,
			"$what: $asked{$command} answers to $command, $compared of them compared");
		cmp_ok($compared, '>', 0.3 * $asked{$command},
			"$what: enough of what was asked of $command can be compared");
	}
	return;
}

compare('generated graphs', 'pgmig_import(documents(GRAPH))',
	'random', $seed, $graphs);
compare('reference history', "pgmig_load('$migrations')",
	'documents', sort glob "$migrations/*.sql");

done_testing();
