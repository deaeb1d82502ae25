# The documentation is true: the examples of README.md and docs/*.md run and
# give the output shown, what they name exists, and the reference in the README
# has what the extension has, no more and no less.
#
# Examples are fenced blocks.
#
#	```sql	is run by psql, in a new database for each page and each section
#			("## ") of it.  The blocks of a section up to the next shell block
#			share a session.  Files are relative to the top of the source tree.
#	```text	is the output of the block before it, as psql prints it to a
#			terminal, errors and notices included.  Without a text block, the
#			output is not compared but has no errors and no warnings.
#	```sh	is not run: every make target and script in it has to exist.
#	```python	is not run.
#
# Comments change this, each on a line of its own:
#
#	<!-- test: continue -->	the section goes on in the database, and session,
#			of the section before
#	<!-- test: run -->	the next shell block is run by bash -e, in a directory
#			of its own, with PGDATABASE set to the database of the section;
#			the next Python block likewise, if there is psycopg2
#	<!-- test: session NAME -->	the next block has a session of that name, beside
#			that of the section.  If it comes to wait for a lock of another one,
#			the page goes on: its output is what it has printed by then, and
#	<!-- test: rest of NAME -->	the next text block is what it prints until it is
#			done
#	<!-- test: calls -->	the next text block lists functions of src/, each with
#			its file; one that is indented is called by the one above it
#	<!-- test: t/NAME.pl -->	the rest of the page is left to that test: its
#			blocks are not run here
#
# In the comparison, blanks at the ends of lines do not count, and any date
# with a time and a zone is like any other; so are the process number, user
# and age of a blocker, other numbers that are called those of a process, and
# the widths of records.

use strict;
use warnings;

use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use IPC::Run       ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $top = dirname(dirname(abs_path($0)));
chdir $top or die "could not change to \"$top\": $!";

my %pages    = map { $_ => slurp_file($_) } 'README.md', glob 'docs/*.md';
my $readme   = $pages{'README.md'};
my $makefile = slurp_file('Makefile');

# --- The blocks of the pages -----------------------------------------------

# Each block: kind (rest: of a session's output, without a text), text, place
# (page and line), section, output (undef: none is shown), run, new (a new
# database), session (that of the section has no name)
my @blocks;

# Lists of functions that call one another: place and text
my @call_lists;

sub read_blocks
{
	my ($page) = @_;
	my ($section, $new, $run, $line) = ('', 1, 0, 0);
	my ($block, $last, $continuable, $elsewhere);
	my ($session, $rest, $calls) = ('', undef, 0);

	foreach my $text (split /\n/, $pages{$page})
	{
		my $place = "$page:" . ++$line;

		if ($block && $text eq '```')
		{
			if ($elsewhere)
			{
				push @blocks, $block if $block->{kind} ne 'text';
			}
			elsif ($calls)
			{
				push @call_lists, $block;
				$calls = 0;
			}
			elsif (defined $rest)
			{
				push @blocks,
				  {
					%$block,
					kind    => 'rest',
					output  => $block->{text},
					session => $rest
				  };
				undef $rest;
			}
			elsif ($block->{kind} eq 'text')
			{
				ok($last && !defined $last->{output},
					"$block->{place}: output follows an example");
				$last->{output} = $block->{text} if $last;
			}
			else
			{
				push @blocks, $block;
				$last = $block;
			}
			undef $block;
		}
		elsif ($block)
		{
			$block->{text} .= "$text\n";
		}
		elsif ($text =~ /^```(.*)$/)
		{
			like($1, qr/^(sql|text|sh|python)$/, "$place: kind of block");
			$block = {
				kind    => $1,
				text    => '',
				place   => $place,
				section => $section,
				run     => !$elsewhere && ($run || $1 eq 'sql' || defined $rest),
				new     => $new,
				session => $session
			};
			$session = '' if $1 ne 'text';
			$continuable = 1 if $block->{run};
			$new         = 0 if $block->{run};
			$run = 0;
		}
		elsif ($text =~ /^## (.*)$/)
		{
			($section, $new) = ($1, 1);
		}
		elsif ($text =~ /^<!-- test: (.*) -->$/)
		{
			if ($1 eq 'continue')
			{
				ok($continuable, "$place: there is a database to continue in");
				$new = 0;
			}
			elsif ($1 eq 'run') { $run = 1; }
			elsif ($1 eq 'calls') { $calls = 1; }
			elsif ($1 =~ /^session (\w+)$/) { $session = $1; }
			elsif ($1 =~ /^rest of (\w+)$/) { $rest = $1; }
			elsif ($1 =~ m{^(t/.*\.pl)$})
			{
				ok(-e $1, "$place: test \"$1\" exists");
				$elsewhere = 1;
			}
			else { fail("$place: comment \"$1\""); }
		}
		elsif ($text ne '' && $text !~ /^<!--/)
		{
			undef $last;
		}
	}
	ok(!$block, "$page: the last block ends");
	return;
}

# --- Running them -----------------------------------------------------------

my $node = PostgreSQL::Test::Cluster->new('documentation');
$node->init;
$node->start;

$ENV{PGHOST}           = $node->host;
$ENV{PGPORT}           = $node->port;
$ENV{PGCLIENTENCODING} = 'UTF8';
delete $ENV{PGDATABASE};

my $databases = 0;
my $directory;
my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;

sub new_database
{
	my $name = 'page_' . ++$databases;

	$node->safe_psql('postgres',
		"CREATE DATABASE $name TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
	$ENV{PGDATABASE} = $name;
	$directory = PostgreSQL::Test::Utils::tempdir();
	return;
}

# Input and what comes out, errors in their places.
sub run_merged
{
	my ($command, $input, @options) = @_;
	my $output = '';

	IPC::Run::run($command, '<', \$input, '>&', \$output, @options);
	return $output;
}

sub normalize
{
	my ($output) = @_;

	$output =~ s/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:\d\d)?/<time>/g;
	# 19 says which lock a statement waited for.
	$output =~ s/^(CONTEXT:  )waiting for \w+Lock on .*\n/$1/mg;
	$output =~ s/^-\[ RECORD (\d+) \]-[-+]*/-[ RECORD $1 ]/mg;
	$output =~ s/\b([Pp]rocess) \d+( blocks it: user )"[^"]*"/$1 0$2""/g;
	$output =~ s/\b([Pp]rocess) \d+/$1 0/g;
	$output =~ s/\b(in a transaction for) \d+(:\d\d){2}/$1 00:00:00/g;
	$output =~ s/[ \t]+$//mg;
	$output =~ s/\n+\z/\n/;
	return $output;
}

sub compare
{
	my ($block, $output) = @_;
	my $name = "$block->{place}, \"$block->{section}\"";

	if (defined $block->{output})
	{
		is(normalize($output), normalize($block->{output}),
			"$name: output");
	}
	else
	{
		unlike($output, qr/^(psql:.* )?(ERROR|FATAL|WARNING|.*error):/m,
			"$name: no error");
	}
	return;
}

# The sessions of psql that are open, by name.
my %sessions;

sub begin_session
{
	my ($name) = @_;
	my $session = { in => '', out => '', timer => IPC::Run::timeout($timeout) };

	$session->{run} =
	  IPC::Run::start([ 'psql', '-X' ], '<', \$session->{in}, '>&',
		\$session->{out}, $session->{timer});
	$sessions{$name} = $session;
	$session->{in} = "SELECT pg_backend_pid() AS page_pid \\gset\n"
	  . "\\echo :page_pid\n\\unset page_pid\n";
	$session->{run}->pump until $session->{out} =~ s/^(\d+)\n//;
	$session->{pid} = $1;
	return $session;
}

sub end_sessions
{
	foreach my $session (values %sessions)
	{
		$session->{in} .= "\\q\n";
		eval { $session->{run}->finish };
	}
	%sessions = ();
	return;
}

# Does it wait for a lock that another session of the page has, or a session
# that waits for such a lock?
sub waits
{
	my ($session) = @_;
	my $others = join ', ',
	  map { $_->{pid} } grep { $_ != $session } values %sessions;

	return $node->safe_psql('postgres',
		"SELECT pg_blocking_pids($session->{pid}) && ARRAY[$others]::int[]") eq 't';
}

# Go on until the session is done, or waits, if it may, and has printed what it
# should by then.  Returns what it has printed.
sub read_session
{
	my ($session, $may_wait, $expected) = @_;
	my $end = time + $timeout / 2;

	$session->{timer}->start;
	while ($session->{out} !~ /^PAGE-BLOCK\n/m)
	{
		if ($may_wait)
		{
			$session->{run}->pump_nb;
			last
			  if waits($session)
			  && (normalize($session->{out}) eq normalize($expected)
				|| time > $end);
			sleep 0.02;
		}
		else
		{
			$session->{run}->pump;
		}
	}
	(my $output = $session->{out}) =~ s/^PAGE-BLOCK\n.*//ms;
	$session->{out} = '';
	return $output;
}

sub run_sql
{
	my ($block) = @_;
	my $session = $sessions{ $block->{session} }
	  // begin_session($block->{session});

	$session->{in} .= "$block->{text}\\echo PAGE-BLOCK\n"
	  if $block->{kind} eq 'sql';
	compare(
		$block,
		read_session(
			$session,
			$block->{kind} eq 'sql' && $block->{session} ne '',
			$block->{output} // ''));
	return;
}

sub run_program
{
	my ($block) = @_;
	my @program =
	  $block->{kind} eq 'sh' ? ('bash', '-e', '-c') : ('python3', '-c');
	my $output = run_merged([ @program, $block->{text} ],
		'', init => sub { chdir $directory or die });

	is($?, 0, "$block->{place}: the commands succeed")
	  or diag $output;
	compare($block, $output);
	return;
}

my $has_psycopg2 = IPC::Run::run([ 'python3', '-c', 'import psycopg2' ], '>&', \my $no_psycopg2);

sub run_blocks
{
	foreach my $block (grep { $_->{run} } @blocks)
	{
		if ($block->{new})
		{
			end_sessions();
			new_database();
		}
		if ($block->{kind} eq 'sql' || $block->{kind} eq 'rest')
		{
			run_sql($block);
			next;
		}
		end_sessions();
	  SKIP:
		{
			skip "$block->{place}: there is no psycopg2", 1
			  if $block->{kind} eq 'python' && !$has_psycopg2;
			run_program($block);
		}
	}
	end_sessions();
	return;
}

# --- Names ------------------------------------------------------------------

sub check_make_target
{
	my ($target, $place) = @_;

	# PGXS has these.
	return if $target =~ /^(install|uninstall|installcheck|clean)$/;
	ok($makefile =~ /^\Q$target\E\s*:/m,
		"$place: make target \"$target\" exists");
	return;
}

sub check_shell
{
	foreach my $block (grep { $_->{kind} eq 'sh' } @blocks)
	{
		# Here documents and quoted arguments are no commands.
		(my $text = $block->{text}) =~ s/<<'(\w+)'\n.*?^\1$//msg;
		$text =~ s/"[^"]*"|'[^']*'|#.*$//mg;

		foreach my $command (split /&&|[;|\n]/, $text)
		{
			my ($program, @words) =
			  grep { $_ ne 'sudo' } split ' ', $command;

			next if !defined $program;
			if ($program eq 'make')
			{
				check_make_target($_, $block->{place})
				  foreach grep { !/=/ } @words;
			}
			elsif ($program =~ m{/})
			{
				ok(-x $program, "$block->{place}: script \"$program\" exists");
			}
			else
			{
				like($program, qr/^(psql|pg_dump|pg_restore|createdb|cat|diff|grep|seq|sort|xargs|apt-get|docker|kubectl|pgxn)$/,
					"$block->{place}: command \"$program\"");
			}
		}
	}
	return;
}

# What GitHub makes of a heading, for links that lead to it.
sub anchor
{
	my ($heading) = @_;

	$heading =~ s/[^\w\s-]//g;
	$heading =~ tr/ /-/;
	return lc $heading;
}

# Files that a page names by their path from the top, and links.
sub check_files
{
	my ($page) = @_;
	my $text = $pages{$page};

	check_make_target($1, $page) while $text =~ /`make ([\w-]+)/g;
	while ($text =~
		m{`((?:src|sql|specs|t|bench|scripts|migrations|demo|docs)/[^`]*)`}g)
	{
		ok(-e $1, "$page: file \"$1\" exists");
	}
	while ($text =~ /\]\(([^)#]*)(?:#([^)]*))?\)/g)
	{
		my ($path, $anchor) = ($1, $2);
		my $file = $path eq '' ? $page : dirname($page) . "/$path";

		next if !ok(-e $file, "$page: link to \"$path\" leads to a file");
		next if !defined $anchor;
		my %anchors =
		  map { anchor($_) => 1 } slurp_file($file) =~ /^#+ (.*)$/mg;
		ok($anchors{$anchor}, "$page: \"$anchor\" is a heading of \"$file\"");
	}
	return if $page eq 'README.md';
	ok($readme =~ /\]\(\Q$page\E\)/, "$page: the README links to it");
	return;
}

# What the pages name: the distinct matches of a pattern.
sub mentioned
{
	my ($pattern) = @_;
	my %found = map { $_ => 1 } map { $_ =~ /$pattern/g } values %pages;

	return sort keys %found;
}

# The functions in C: file, without "src/", and name => body.
sub source_functions
{
	my %functions;

	foreach my $file (glob 'src/*.c src/*/*.c')
	{
		my $source = slurp_file($file);

		$file =~ s{^src/}{};
		$functions{"$file $1"} = $2
		  while $source =~ /^(\w+)\([^;{]*\)\n(\{\n.*?^\})/msg;
	}
	return %functions;
}

sub check_calls
{
	my %functions = source_functions();

	foreach my $list (@call_lists)
	{
		my ($line, @callers) = ($list->{place} =~ /(\d+)$/);
		my ($page) = $list->{place} =~ /^(.*):/;

		foreach my $text (split /\n/, $list->{text})
		{
			my ($indent, $name, $file) = $text =~ /^( *)(\w+) +(\S+)/
			  or BAIL_OUT("$page:$line: $text");
			my $place = "$page:" . ++$line;

			pop @callers while @callers && $callers[-1]{indent} >= length $indent;
			ok(defined $functions{"$file $name"},
				"$place: function $name is in src/$file");
			ok($functions{ $callers[-1]{function} } =~ /\b$name\b/,
				"$place: function $name is called there")
			  if @callers;
			push @callers,
			  { indent => length $indent, function => "$file $name" };
		}
	}
	return;
}

# What a picture says of functions and files
sub check_pictures
{
	my %functions = source_functions();
	my %names     = map { /(\S+)$/ ? ($1 => 1) : () } keys %functions;

	foreach my $picture (glob 'docs/*.svg')
	{
		my $text = slurp_file($picture) =~ s/<[^>]*>/\n/gr;

		ok($names{$1}, "$picture: function $1 exists")
		  while $text =~ /\b(pgmig_\w+)/g;
		ok(-e "src/$1", "$picture: file $1 exists")
		  while $text =~ m{\b(\w+/\w+\.c)\b}g;
	}
	return;
}

# name(argument, ...) => [columns], of every function that is not for triggers
sub extension_functions
{
	my %functions;
	my $rows = $node->safe_psql(
		'postgres', q{
		SELECT CASE p.prokind WHEN 'p' THEN 'CALL ' ELSE '' END || p.proname,
			array_to_string((SELECT array_agg(a.name ORDER BY a.place)
			FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY a (name, mode, place)
			WHERE coalesce(a.mode, 'i') IN ('i', 'b')), ', '),
			array_to_string((SELECT array_agg(a.name ORDER BY a.place)
			FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY a (name, mode, place)
			WHERE a.mode IN ('o', 'b')), ', ')
		FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
		WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
			AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgmig')
			AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)});

	foreach my $row (split /\n/, $rows)
	{
		my ($name, $arguments, $columns) = split /\|/, $row, -1;

		$functions{"$name($arguments)"} = $columns;
	}
	return %functions;
}

# The same of the table in the README
sub documented_functions
{
	my %functions;

	while ($readme =~ /^\| `((?:CALL )?pgmig_\w+)\((.*)\)`(?: \*)? \| (.*?) ?\|/mg)
	{
		my ($name, $arguments, $result) = ($1, $2, $3);

		$arguments =~ s/ = ('[^']*'|\w+)//g;
		$functions{"$name($arguments)"} =
		  $result =~ /^`(.*)`$/ ? $1 : '';
	}
	return %functions;
}

sub check_functions
{
	my %there      = extension_functions();
	my %documented = documented_functions();

	is_deeply(\%documented, \%there,
		'the table of functions is that of the extension');

	# A name with "_" at its end stands for those that begin so.  Event triggers
	# have such names, too.
	my @all = split /\n/,
	  $node->safe_psql('postgres',
		q{SELECT proname FROM pg_proc WHERE proname ~ '^pgmig_' UNION SELECT evtname FROM pg_event_trigger});

	# Contributors read of functions in C, too.
	my $contributing = 'docs/contributing.md';
	my %in_c = map { /(\S+)$/ ? ($1 => 1) : () } keys %{ { source_functions() } };

	foreach my $name (mentioned(qr/(?<![-\w])(pgmig_\w*)/))
	{
		my @found =
		  grep { $name =~ /_$/ ? index($_, $name) == 0 : $_ eq $name } @all;
		my @elsewhere = grep { $_ ne $contributing && $pages{$_} =~ /\b$name\b/ } keys %pages;

		ok(@found > 0 || ($in_c{$name} && !@elsewhere), "function $name exists");
	}
	return;
}

# Functions are marked that everyone can call.
sub check_privileges
{
	my %public = map { $_ => 1 } split /\n/,
	  $node->safe_psql(
		'postgres', q{
		SELECT proname FROM pg_proc
		WHERE proname ~ '^pgmig_' AND has_function_privilege('nobody_special', oid, 'EXECUTE')});
	my %marked = map { $_ => 1 } $readme =~ /^\| `(pgmig_\w+)\(.*\)` \* \|/mg;

	is_deeply(\%marked, \%public, 'functions marked as open to everyone');
	return;
}

sub check_settings
{
	my %settings = map { $_ => 1 } split /\n/,
	  $node->safe_psql('postgres',
		q{LOAD 'pgmig'; SELECT name FROM pg_settings WHERE name LIKE 'pgmig.%'});
	my %relations = map { $_ => 1 } split /\n/,
	  $node->safe_psql('postgres',
		q{SELECT 'pgmig.' || relname FROM pg_class WHERE relnamespace = 'pgmig'::regnamespace});
	my %rows = map { $_ => 1 } $readme =~ /^\| `(pgmig\.\w+)` \|/mg;

	is_deeply(\%rows, \%settings, 'the table of settings is that of the extension');
	foreach my $name (mentioned(qr/\b(pgmig\.\w+)/))
	{
		ok($settings{$name} || $relations{$name} || -e $name || -e "src/$name",
			"$name is a setting, a table or a file");
	}
	return;
}

# Our own codes from errors.h, the server's from its list.
sub check_sqlstates
{
	my $errors = slurp_file('src/errors.h');
	my %table  = map { $_ => 1 } map { /`(\w{5})`/g }
	  $readme =~ /^\| ((?:`\w{5}`(?:, )?)+) \|/mg;
	my %ours;

	while ($errors =~ /MAKE_SQLSTATE\(([^)]*)\)/g)
	{
		$ours{ join '', $1 =~ /'(.)'/g } = 1;
	}
	ok(%ours > 0, 'errors.h has codes');
	is_deeply({ map { $_ => 1 } grep { /^MG/ } keys %table },
		\%ours, 'SQLSTATEs of class MG are those of errors.h');
	ok($ours{$_}, "SQLSTATE $_ exists") foreach mentioned(qr/\b(MG\d{3})\b/);

	my ($sharedir) =
	  run_command([ 'pg_config', '--sharedir' ]);
  SKIP:
	{
		skip 'the server has no errcodes.txt', 1
		  if !-e "$sharedir/errcodes.txt";
		my $list = slurp_file("$sharedir/errcodes.txt");
		my %code = map { /^(\w{5})\s+E\s+(ERRCODE_\w+)/ ? ($2 => $1) : () }
		  split /\n/, $list;
		my %used;

		# What cannot happen, or only to who calls a trigger function.
		my %left_out = map { $_ => 1 }
		  qw(ERRCODE_INTERNAL_ERROR ERRCODE_OUT_OF_MEMORY
		  ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED
		  ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED);

		foreach my $file (glob 'src/*/*.c')
		{
			my $source = slurp_file($file);

			$used{$1} = 1 while $source =~ /errcode\((ERRCODE_(?!PGMIG)\w+)/g;
		}
		my @missing = grep { !$left_out{$_} && !$table{ $code{$_} // $_ } }
		  sort keys %used;

		is(join(' ', @missing), '', 'SQLSTATEs of the server that src/ uses');
	}
	return;
}

read_blocks($_) foreach sort keys %pages;
run_blocks();
$node->safe_psql('postgres', 'CREATE ROLE nobody_special; CREATE EXTENSION pgmig');
check_shell();
check_files($_) foreach sort keys %pages;
check_calls();
check_pictures();
check_functions();
check_privileges();
check_settings();
check_sqlstates();

$node->stop;
done_testing();
