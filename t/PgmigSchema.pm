# Random schemas of all kinds of objects, from a seed.
#
# A schema is a list of objects.  Each has the statements that make it, others
# that make the same in another way, and the objects that it needs.  So there
# are many ways to build one schema, and all are to end with the same one.
#
# Roles "dba" (a superuser), "app_owner", "reader" and "Web User" have to be
# there; all objects belong to dba unless they are given away.

package PgmigSchema;

use strict;
use warnings FATAL => 'all';

my @roles = ('app_owner', 'reader', '"Web User"');

# Pieces of names.  %d tells names apart.
my @names = (
	't%d', 'item_%d', 'Mixed Case %d', 'say "%d"', "it's %d", 'dot.%d', 'semi;%d --', 'ünï %d →', 'select%d',
	'a,b(%d)', 'x on y%d', ' %d ', '$%d$', 'back\\slash%d', 'über%d_' . 'x' x 50, "line\n%d", '%d', 'a|b %d', "tab\t%d", '%d{"}'
);

# new(seed => ..., version => ..., size => ...)
sub new
{
	my ($class, %args) = @_;
	my $self = bless { version => 15, size => 1, objects => [], number => 0, %args }, $class;

	srand($self->{seed});
	$self->generate;
	return $self;
}

sub pick { my (@of) = @_; return $of[ int(rand(@of)) ]; }
sub chance { my ($percent) = @_; return rand(100) < $percent; }

sub shuffle
{
	my (@list) = @_;

	for (my $i = @list; --$i > 0;)
	{
		my $j = int(rand($i + 1));
		@list[ $i, $j ] = @list[ $j, $i ];
	}
	return @list;
}

sub literal { my ($text) = @_; $text =~ s/'/''/g; $text =~ s/\\/\\\\/g && return " E'$text'"; return "'$text'"; }

# A new name, quoted.
sub name
{
	my ($self, $plain) = @_;
	my $name = sprintf($plain || chance(35) ? 'obj_%d' : pick(@names), ++$self->{number});

	# Of 63 bytes at most, all of them whole characters.
	$name = substr($name, 0, 63);
	$name =~ s/[\xC0-\xFF][\x80-\xBF]*\z// if $name =~ /[\x80-\xFF]\z/;
	$name =~ s/"/""/g;
	return "\"$name\"";
}

# Add an object: kind, name, statements, and
#   other	the same in another way
#   needs	other objects
#   class	what COMMENT, ALTER and DROP call it, with "on" after the name
sub add
{
	my ($self, $kind, $name, $statements, %rest) = @_;
	my $object = { kind => $kind, name => $name, statements => $statements, needs => [], class => uc $kind, on => '', %rest };

	$object->{other} //= $statements;
	$object->{needs} = [ grep { defined } @{ $object->{needs} } ];
	push @{ $self->{objects} }, $object;
	push @{ $self->{of}{$kind} }, $object;
	return $object;
}

# What may be said of any object: each an object of its own.
sub decorate
{
	my ($self, $object, %has) = @_;
	my $it = "$object->{class} $object->{name}$object->{on}";
	my ($owned, $owner);

	if (chance(40))
	{
		my $text = literal(pick('plain', "it's", 'back\\slash', "two\nlines", 'Ünï', '$$', '--'));

		$self->add('comment', $it, ["COMMENT ON $it IS $text"], needs => [$object],
			other => [ "COMMENT ON $it IS 'first'", "COMMENT ON $it IS NULL", "COMMENT ON $it IS $text" ]);
	}
	if ($has{owner} && chance(25))
	{
		$owner = $has{owner} eq 'superuser' ? 'dba_two' : pick(@roles);

		# Grants come after: to take away its rights from who becomes the owner
		# is another thing.
		$owned = $self->add('owner', $it, ["ALTER $it OWNER TO $owner"], needs => [$object],
			other => [ "ALTER $it OWNER TO dba", "ALTER $it OWNER TO $owner" ]);
	}
	return $object if !$has{rights} || !chance(35);
	my $on = $has{on} // $it;
	foreach my $role ((shuffle(@roles, 'PUBLIC'))[ 0 .. int(rand(3)) ])
	{
		next if $role eq ($owner // '');
		my $right  = pick(@{ $has{rights} });
		my $option = $role ne 'PUBLIC' && chance(30) ? ' WITH GRANT OPTION' : '';

		if (chance(25))
		{
			push @{ $object->{rights} }, $self->add('revoke', "$on $role", ["REVOKE ALL ON $on FROM $role"], needs => [ $object, $owned ]);
		}
		else
		{
			push @{ $object->{rights} }, $self->add('grant', "$on $role", ["GRANT $right ON $on TO $role$option"], needs => [ $object, $owned ],
				other => [ "GRANT ALL ON $on TO $role", "REVOKE ALL ON $on FROM $role", "GRANT $right ON $on TO $role$option" ])
			  if $role ne 'PUBLIC';
		}
	}
	return $object;
}

sub some { my ($self, $kind) = @_; my $of = $self->{of}{$kind}; return $of ? pick(@$of) : undef; }

sub in_schema
{
	my ($self, $plain) = @_;
	my $schema = $self->some('schema');

	return ($schema, "$schema->{name}." . $self->name($plain));
}

# A type for a column: its name, a literal of it, and the object that it is.
sub type
{
	my ($self) = @_;
	my @types = (
		[ 'integer', '1' ], [ 'bigint', '-5' ], [ 'text', "'x''y'" ], [ 'varchar(20)', "'v'" ], [ 'numeric(8,3)', '1.5' ], [ 'date', "'2020-02-03'" ],
		[ 'timestamp with time zone', "'2020-02-03 04:05:06+00'" ], [ 'interval', "'1 mon 3 days 04:05'" ], [ 'boolean', 'true' ], [ 'double precision', '0.1' ],
		[ 'bytea', "'\\x00ff'" ], [ 'jsonb', "'{\"a\": 1}'" ], [ 'text[]', "'{a,b}'" ], [ 'char(3)', "'c'" ], [ 'bit(3)', "B'101'" ], [ 'time(2)', "'01:02'" ],
		[ 'money', "'1'" ], [ 'int4range', "'[1,5)'" ], [ 'name', "'n'" ], [ 'real', '0.3' ], [ '"char"', "'c'" ], [ 'regclass', "'pg_catalog.pg_class'" ],
		[ 'interval hour to minute', "'1:02'" ], [ 'inet', "'10.0.0.1'" ]);

	if (chance(30))
	{
		my $object = $self->some(pick('enum', 'domain', 'range', 'composite', 'base type'));

		return ($object->{name} . (chance(15) ? '[]' : ''), undef, $object) if $object;
	}
	return @{ pick(@types) };
}

# --- Kinds ------------------------------------------------------------------

sub generate
{
	my ($self) = @_;

	$self->make_schema for 1 .. 2;
	my %weight = (
		table => 5, view => 3, function => 3, enum => 2, domain => 2, composite => 1, range => 1, base_type => 1, sequence => 2, procedure => 1, aggregate => 1,
		operator => 1, operator_class => 1, cast => 1, transform => 1, conversion => 1, text_search => 1, wrapper => 1, publication => 2, subscription => 1,
		event_trigger => 1, language => 1, access_method => 1, collation => 1, default_rights => 2, system_rights => 1, inheritance => 1, partitions => 1, typed => 1,
		matview => 1
	);
	foreach my $kind (qw(language access_method collation enum domain range base_type composite sequence function table))
	{
		my $make = "make_$kind";

		$self->$make for 1 .. 1 + int(rand($weight{$kind} * $self->{size}));
	}
	my @rest = grep { !/^(language|access_method|collation|enum|domain|range|base_type|composite|sequence|function|table)$/ } sort keys %weight;
	foreach my $kind (shuffle(@rest))
	{
		my $make = "make_$kind";

		$self->$make for 1 .. int(0.3 + rand($weight{$kind} * $self->{size} + 0.7));
	}
	return;
}

sub make_schema
{
	my ($self) = @_;
	my $name = $self->name;

	return $self->decorate($self->add('schema', $name, ["CREATE SCHEMA $name"]), owner => 1, rights => [ 'USAGE', 'CREATE', 'ALL' ]);
}

# pg_dump says how a language is made only if its functions are dumped as well.
sub make_language
{
	my ($self) = @_;
	my $schema  = $self->some('schema');
	my $name    = $self->name;
	my $trusted = chance(50) ? 'TRUSTED ' : '';
	my ($handler, $inline, $validator) = map { "$schema->{name}." . $self->name } 1 .. 3;
	my @functions = ("CREATE FUNCTION $handler() RETURNS language_handler LANGUAGE c AS '\$libdir/plpgsql', 'plpgsql_call_handler'");
	my $more = '';

	if (chance(50))
	{
		push @functions, "CREATE FUNCTION $inline(internal) RETURNS void LANGUAGE c AS '\$libdir/plpgsql', 'plpgsql_inline_handler'";
		$more .= " INLINE $inline";
	}
	if (chance(50))
	{
		push @functions, "CREATE FUNCTION $validator(oid) RETURNS void LANGUAGE c AS '\$libdir/plpgsql', 'plpgsql_validator'";
		$more .= " VALIDATOR $validator";
	}
	return $self->decorate($self->add('language', $name, [ @functions, "CREATE ${trusted}LANGUAGE $name HANDLER $handler$more" ], needs => [$schema]), owner => 'superuser',
		$trusted ? (rights => ['USAGE']) : ());
}

sub make_access_method
{
	my ($self) = @_;
	my $name = $self->name;
	my ($type, $handler) = @{ pick([ 'TABLE', 'heap_tableam_handler' ], [ 'INDEX', 'bthandler' ], [ 'INDEX', 'ginhandler' ]) };

	my $object = $self->add('access method', $name, ["CREATE ACCESS METHOD $name TYPE $type HANDLER $handler"]);
	push @{ $self->{of}{'table method'} }, $object if $type eq 'TABLE';
	return $self->decorate($object);
}

sub make_collation
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my $how = pick("provider = libc, locale = 'C'", "provider = libc, lc_collate = 'C', lc_ctype = 'POSIX'",
		"provider = icu, locale = 'de'", "provider = icu, locale = 'und-u-ks-level2', deterministic = false");

	return $self->decorate($self->add('collation', $name, ["CREATE COLLATION $name ($how)"], needs => [$schema]), owner => 1);
}

sub make_enum
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my @labels = map { literal($_) } (shuffle('one', 'Two', "it's", 'ü', 'a,b', '"q"', ''))[ 0 .. 1 + int(rand(4)) ];
	my $object = $self->add('enum', $name, [ "CREATE TYPE $name AS ENUM (" . join(', ', @labels) . ')' ], needs => [$schema], class => 'TYPE',
		other => [ "CREATE TYPE $name AS ENUM ($labels[-1])", map { "ALTER TYPE $name ADD VALUE $_ BEFORE $labels[-1]" } @labels[ 0 .. $#labels - 1 ] ]);

	return $self->decorate($object, owner => 1, rights => ['USAGE']);
}

sub make_domain
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my ($base, $check) = @{ pick([ 'integer', 'VALUE > 0' ], [ 'text', "VALUE <> ''" ], [ 'varchar(7)', 'length(VALUE) > 2' ], [ 'date', "VALUE > '2000-01-01'" ]) };
	my $constraint = $self->name;
	my $default    = chance(50) ? { integer => '7', text => "'d'", 'varchar(7)' => "'seven'", date => "'2020-01-01'" }->{$base} : undef;
	my $not_null   = chance(40);
	my $later      = chance(20) ? ' NOT VALID' : '';
	my @rest       = (
		defined $default ? "ALTER DOMAIN $name SET DEFAULT $default" : (),
		$not_null        ? "ALTER DOMAIN $name SET NOT NULL"         : ());
	my $object = $self->add(
		'domain', $name,
		[ "CREATE DOMAIN $name AS $base" . (defined $default ? " DEFAULT $default" : '') . ($not_null ? ' NOT NULL' : ''),
			"ALTER DOMAIN $name ADD CONSTRAINT $constraint CHECK ($check)$later" ],
		other => [ "CREATE DOMAIN $name AS $base CONSTRAINT gone CHECK (VALUE IS NOT NULL)", shuffle(@rest), "ALTER DOMAIN $name ADD CONSTRAINT $constraint CHECK ($check)$later", "ALTER DOMAIN $name DROP CONSTRAINT gone" ],
		needs => [$schema]);

	$self->decorate($self->add('domain constraint', $constraint, [], needs => [$object], class => 'CONSTRAINT', on => " ON DOMAIN $name"));
	return $self->decorate($object, owner => 1, rights => ['USAGE']);
}

sub make_range
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my $subtype = pick('SUBTYPE = float8, SUBTYPE_DIFF = float8mi', 'SUBTYPE = time', 'SUBTYPE = text, COLLATION = "C"', 'SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops', 'SUBTYPE = inet');
	my $multi   = chance(50) ? ", MULTIRANGE_TYPE_NAME = $schema->{name}." . $self->name : '';

	return $self->decorate($self->add('range', $name, ["CREATE TYPE $name AS RANGE ($subtype$multi)"], needs => [$schema], class => 'TYPE'), owner => 1, rights => ['USAGE']);
}

sub make_composite
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my (@attributes, @needs);

	foreach my $i (1 .. int(rand(4)))
	{
		my ($type, undef, $object) = $self->type;

		push @attributes, $self->name . " $type" . ($type eq 'text' && chance(50) ? ' COLLATE "C"' : '');
		push @needs, $object;
	}
	my $object = $self->add('composite', $name, [ "CREATE TYPE $name AS (" . join(', ', @attributes) . ')' ], needs => [ $schema, @needs ], class => 'TYPE',
		other => [ "CREATE TYPE $name AS (gone integer)", (map { "ALTER TYPE $name ADD ATTRIBUTE $_" } @attributes), "ALTER TYPE $name DROP ATTRIBUTE gone" ]);

	return $self->decorate($object, owner => 1, rights => ['USAGE']);
}

sub make_base_type
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema(1);
	my ($in, $out) = map { "$schema->{name}." . $self->name } 1 .. 2;
	my $more = join '', map { chance(30) ? ", $_" : '' } ("CATEGORY = 'X'", 'PREFERRED = true', "DELIMITER = ';'", "DEFAULT = 'x'", 'COLLATABLE = true', 'STORAGE = external', 'ALIGNMENT = double');
	my @functions = (
		"CREATE FUNCTION $in(cstring) RETURNS $name LANGUAGE internal IMMUTABLE STRICT AS 'textin'",
		"CREATE FUNCTION $out($name) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'");
	my $object = $self->add('base type', $name, [ "CREATE TYPE $name", @functions, "CREATE TYPE $name (INPUT = $in, OUTPUT = $out$more)" ],
		other => [ "CREATE TYPE $name", reverse(@functions), "CREATE TYPE $name (OUTPUT = $out, INPUT = $in$more)" ],
		needs => [$schema], class => 'TYPE');

	return $self->decorate($object, owner => 1, rights => ['USAGE']);
}

sub make_sequence
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my $type = pick('', '', ' AS integer', ' AS smallint');
	my @options = map { chance(40) ? $_ : () } ('START 5', 'INCREMENT 3', 'CACHE 7', 'CYCLE', 'MAXVALUE 1000', 'MINVALUE 2');
	my $unlogged = chance(20) ? 'UNLOGGED ' : '';

	push @options, 'START 5' if grep { /MINVALUE/ } @options and !grep { /START/ } @options;
	my $object = $self->add('sequence', $name, ["CREATE ${unlogged}SEQUENCE $name$type @options"], needs => [$schema],
		other => grep({ /MINVALUE/ } @options) ? undef : [ "CREATE ${unlogged}SEQUENCE $name$type", map { "ALTER SEQUENCE $name $_" } shuffle(@options) ]);

	return $self->decorate($object, owner => 1, rights => [ 'USAGE', 'SELECT', 'UPDATE', 'ALL' ], on => "SEQUENCE $name");
}

sub make_function
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my ($type, $value, $object) = $self->type;
	my $argument = chance(50) ? $self->name . ' ' : '';
	my $default  = $argument && defined $value && chance(40) ? " DEFAULT $value" : '';
	my @options  = map { chance(30) ? $_ : () } ('STABLE', 'STRICT', 'LEAKPROOF', 'SECURITY DEFINER', 'PARALLEL SAFE', 'COST 12', "SET work_mem = '3MB'", 'SET search_path = pg_catalog, "Odd"', "SET \"app.set\" = 'it''s'");
	my $body = pick("LANGUAGE sql AS 'SELECT 1'", "LANGUAGE sql AS \$\$ SELECT 'it''s \\' \$\$", "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'", 'LANGUAGE sql RETURN 1', 'LANGUAGE sql BEGIN ATOMIC SELECT 2; END');
	my $made = "FUNCTION $name($argument$type$default) RETURNS integer";
	my $function = $self->add('function', $name, ["CREATE $made @options $body"], needs => [ $schema, $object ], on => "($type)",
		other => [ "CREATE $made LANGUAGE sql AS 'SELECT 5'", "CREATE OR REPLACE $made $body", map { "ALTER FUNCTION $name($type) $_" } @options ]);

	return $self->decorate($function, owner => 1, rights => ['EXECUTE']);
}

sub make_procedure
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my $options = pick('', 'SECURITY DEFINER', "SET work_mem = '5MB'");
	my $made    = "PROCEDURE $name(INOUT a integer, b text DEFAULT 'x') LANGUAGE plpgsql $options AS";
	my $object  = $self->add('procedure', $name, ["CREATE $made 'BEGIN END'"], needs => [$schema], on => '(integer, text)',
		other => [ "CREATE $made 'BEGIN COMMIT; END'", "CREATE OR REPLACE $made 'BEGIN END'" ]);

	return $self->decorate($object, owner => 1, rights => ['EXECUTE']);
}

sub make_aggregate
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my $how = pick('SFUNC = int4pl, STYPE = integer', "SFUNC = int4larger, STYPE = integer, SORTOP = >, INITCOND = '3'",
		"SFUNC = int4_sum, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = SAFE", "SFUNC = int4pl, STYPE = integer, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, FINALFUNC = int4abs, FINALFUNC_MODIFY = READ_WRITE");
	my $object = $self->add('aggregate', $name, ["CREATE AGGREGATE $name(integer) ($how)"], needs => [$schema], on => '(integer)',
		other => $how =~ /int4_sum/ ? undef : [ "CREATE AGGREGATE $name(integer) (SFUNC = int4smaller, STYPE = integer)", "CREATE OR REPLACE AGGREGATE $name(integer) ($how)" ]);

	return $self->decorate($object, owner => 1, rights => ['EXECUTE'], on => "FUNCTION $name(integer)");
}

sub make_operator
{
	my ($self) = @_;
	my $schema = $self->some('schema');
	my $sign   = '@' x (1 + $self->{number} % 3) . '#' x (1 + $self->{number}++ % 5) . '<' x ($self->{number} % 7) . '>';
	my ($left, $function) = @{ pick([ 'LEFTARG = integer, ', 'int4eq' ], [ '', 'int4abs' ]) };
	my @options = $left ? map { chance(40) ? ", $_" : '' } ('HASHES', 'MERGES', 'RESTRICT = eqsel', 'JOIN = eqjoinsel', "COMMUTATOR = OPERATOR($schema->{name}.$sign)") : ();
	my $object = $self->add('operator', "$schema->{name}.$sign", [ "CREATE OPERATOR $schema->{name}.$sign (FUNCTION = $function, ${left}RIGHTARG = integer" . join('', @options) . ')' ],
		needs => [$schema], on => $left ? ' (integer, integer)' : ' (NONE, integer)');

	return $self->decorate($object, owner => 1);
}

sub make_operator_class
{
	my ($self) = @_;
	my ($schema, $family) = $self->in_schema;
	my $class = "$schema->{name}." . $self->name;
	my $of = $self->add('operator family', $family, ["CREATE OPERATOR FAMILY $family USING btree"], needs => [$schema], on => ' USING btree');
	my $loose = "ALTER OPERATOR FAMILY $family USING btree ADD OPERATOR 1 < (integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint)";

	$self->add('members', $family, [$loose], needs => [$of], other => [ $loose, "ALTER OPERATOR FAMILY $family USING btree DROP OPERATOR 1 (integer, bigint)", "ALTER OPERATOR FAMILY $family USING btree ADD OPERATOR 1 < (integer, bigint)" ])
	  if chance(50);
	$self->decorate($self->add('operator class', $class, ["CREATE OPERATOR CLASS $class FOR TYPE integer USING btree FAMILY $family AS OPERATOR 1 <, OPERATOR 3 =, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer)"], needs => [$of], on => ' USING btree'), owner => 1);
	return $self->decorate($of, owner => 1);
}

sub make_cast
{
	my ($self) = @_;
	my ($from, $to) = ($self->some('enum'), $self->some('base type'));
	my $cast = "($from->{name} AS $to->{name})";

	return if $self->{seen}{$cast}++;
	return $self->decorate($self->add('cast', $cast, [ "CREATE CAST $cast WITH INOUT" . pick('', ' AS ASSIGNMENT', ' AS IMPLICIT') ], needs => [ $from, $to ]));
}

sub make_transform
{
	my ($self) = @_;
	my $type     = $self->some('enum');
	my $function = "$type->{needs}[0]{name}." . $self->name;

	return if $self->{seen}{"transform $type->{name}"}++;
	return $self->decorate($self->add('transform', "FOR $type->{name} LANGUAGE plpgsql",
		[ "CREATE FUNCTION $function(internal) RETURNS $type->{name} LANGUAGE internal IMMUTABLE STRICT AS 'int4recv'", "CREATE TRANSFORM FOR $type->{name} LANGUAGE plpgsql (TO SQL WITH FUNCTION $function(internal))" ], needs => [$type]));
}

sub make_conversion
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;

	return $self->decorate($self->add('conversion', $name, ["CREATE CONVERSION $name FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8"], needs => [$schema]), owner => 1);
}

sub make_text_search
{
	my ($self) = @_;
	my $schema = $self->some('schema');
	my ($parser, $template, $dictionary, $configuration) = map { "$schema->{name}." . $self->name } 1 .. 4;
	my $p = $self->decorate($self->add('parser', $parser, [ "CREATE TEXT SEARCH PARSER $parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype" . pick('', ', HEADLINE = prsd_headline') . ')' ], needs => [$schema], class => 'TEXT SEARCH PARSER'));
	my $t = $self->decorate($self->add('template', $template, [ "CREATE TEXT SEARCH TEMPLATE $template (" . pick('', 'INIT = dsimple_init, ') . 'LEXIZE = dsimple_lexize)' ], needs => [$schema], class => 'TEXT SEARCH TEMPLATE'));
	my $d = $self->decorate($self->add('dictionary', $dictionary, [ 'CREATE TEXT SEARCH DICTIONARY ' . "$dictionary (TEMPLATE = simple" . pick('', ', STOPWORDS = english', ', "accept" = false') . ')' ], needs => [$schema], class => 'TEXT SEARCH DICTIONARY'), owner => 1);
	my @mappings = map { "ALTER TEXT SEARCH CONFIGURATION $configuration ADD MAPPING FOR $_ WITH " . pick("$dictionary", "$dictionary, simple", "simple, $dictionary") } (shuffle('word', 'email', 'int', 'url'))[ 0 .. 1 ];

	return $self->decorate($self->add('configuration', $configuration, [ "CREATE TEXT SEARCH CONFIGURATION $configuration (PARSER = $parser)", @mappings ], needs => [ $p, $d ], class => 'TEXT SEARCH CONFIGURATION',
		other => [ "CREATE TEXT SEARCH CONFIGURATION $configuration (PARSER = $parser)", "ALTER TEXT SEARCH CONFIGURATION $configuration ADD MAPPING FOR host WITH simple", reverse(@mappings), "ALTER TEXT SEARCH CONFIGURATION $configuration DROP MAPPING FOR host" ]), owner => 1);
}

# Columns of a table: definitions, the ways to add them, and what they need.
sub columns
{
	my ($self, $count) = @_;
	my @columns;

	foreach my $i (1 .. $count)
	{
		my ($type, $value, $object) = $self->type;
		my %column = (name => $self->name, type => $type, need => $object, default => '', not_null => chance(30), more => '');

		$column{default} = $value if defined $value && chance(40);
		$column{collate} = ' COLLATE "C"' if $type =~ /^(text|varchar.*)$/ && chance(30);
		if ($type =~ /^(integer|bigint)$/ && $column{default} eq '')
		{
			my $sequence = chance(20) ? $self->some('sequence') : undef;

			if (chance(15)) { @column{ 'more', 'not_null' } = (pick(' GENERATED ALWAYS AS IDENTITY', ' GENERATED BY DEFAULT AS IDENTITY (START 3 CYCLE)'), 1); }
			elsif (chance(15)) { $column{more} = ' GENERATED ALWAYS AS (3 + 4) STORED'; }
			elsif ($sequence) { @column{ 'default', 'need' } = ('nextval(' . literal($sequence->{name}) . '::regclass)', $sequence); }
		}
		push @columns, \%column;
	}
	return @columns;
}

sub make_table
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my @columns = $self->columns(1 + int(rand(6)));
	my $plain   = sub {
		my ($c) = @_;
		return "$c->{name} $c->{type}" . ($c->{collate} // '') . ($c->{default} ne '' ? " DEFAULT $c->{default}" : '') . $c->{more} . ($c->{not_null} ? ' NOT NULL' : '');
	};

	# Without a TOAST table, its options are lost.
	my $long     = grep { $_->{type} =~ /^(text|jsonb)$/ } @columns;
	my $method   = chance(20) ? $self->some('table method') : undef;
	my $unlogged = chance(15) ? 'UNLOGGED ' : '';
	my $with     = chance(25) ? ' WITH (' . pick('fillfactor = 70', 'autovacuum_enabled = off', $long ? 'toast.autovacuum_enabled = off' : ()) . ')' : '';
	my $using    = $method ? " USING $method->{name}" : '';
	my $object   = $self->add('table', $name, [ "CREATE ${unlogged}TABLE $name (" . join(', ', map { $plain->($_) } @columns) . ")$using$with" ], needs => [ $schema, $method, map { $_->{need} } @columns ],
		other => [
			"CREATE ${unlogged}TABLE $name (gone text)$using$with",
			(map {
				my $c = $_;
				my $simple = $c->{more} ne '' || chance(50);
				$simple
				  ? "ALTER TABLE $name ADD " . $plain->($c)
				  : ("ALTER TABLE $name ADD $c->{name} $c->{type}" . ($c->{collate} // ''),
					shuffle($c->{default} ne '' ? "ALTER TABLE $name ALTER $c->{name} SET DEFAULT $c->{default}" : (), $c->{not_null} ? "ALTER TABLE $name ALTER $c->{name} SET NOT NULL" : ()))
			} @columns),
			"ALTER TABLE $name DROP gone"
		],
		columns => \@columns);

	$self->decorate($object, owner => 1, rights => [ 'SELECT', 'INSERT, UPDATE', 'ALL', 'TRUNCATE' ], on => "TABLE $name");
	$self->make_parts($object);
	return $object;
}

# What a table can have.
sub make_parts
{
	my ($self, $table) = @_;
	my $name    = $table->{name};
	my @columns = @{ $table->{columns} };
	my ($schema) = $table->{needs}[0];
	my @plain = grep { $_->{type} =~ /^(integer|bigint|text|date|numeric.*|varchar.*|boolean|interval)$/ } @columns;
	my $on = " ON $name";

	foreach my $c (@columns)
	{
		$self->decorate($self->add('column', "$name.$c->{name}", [], needs => [$table], class => 'COLUMN'));
		$self->add('column grant', "$name.$c->{name}", [ 'GRANT ' . pick('SELECT', 'UPDATE', 'REFERENCES') . " ($c->{name}) ON $name TO " . pick(@roles) ], needs => [ $table, @{ $table->{rights} // [] } ]) if chance(10);
		$self->add('column statistics', "$name.$c->{name}", ["ALTER TABLE ONLY $name ALTER $c->{name} SET STATISTICS 77"], needs => [$table]) if chance(10);
		$self->add('column options', "$name.$c->{name}", ["ALTER TABLE ONLY $name ALTER $c->{name} SET (n_distinct = -0.3)"], needs => [$table]) if chance(7);
		$self->add('column compression', "$name.$c->{name}", ["ALTER TABLE ONLY $name ALTER $c->{name} SET COMPRESSION pglz"], needs => [$table]) if $c->{type} =~ /^(text|jsonb|bytea)$/ && $c->{more} eq '' && chance(20);
	}
	my $key;
	if (@plain)
	{
		my $c = pick(@plain)->{name};

		if (chance(50) && !$table->{no_key})
		{
			my $constraint = $self->name;
			my $type       = pick('PRIMARY KEY', 'PRIMARY KEY', 'UNIQUE', 'UNIQUE NULLS NOT DISTINCT');
			my $defer      = pick('', '', ' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED');

			$key = $self->add('constraint', $constraint, ["ALTER TABLE $name ADD CONSTRAINT $constraint $type ($c)$defer"], needs => [$table], on => $on, class => 'CONSTRAINT', column => $c, table => $table, type => (grep { $_->{name} eq $c } @plain)[0]{type},
				other => $type =~ /PRIMARY/ ? undef : [ "ALTER TABLE $name ADD CONSTRAINT $constraint CHECK ($c IS NULL)", "ALTER TABLE $name DROP CONSTRAINT $constraint", "ALTER TABLE $name ADD CONSTRAINT $constraint $type ($c)$defer" ]);
			$self->decorate($key);
			push @{ $self->{of}{key} }, $key if $defer eq '';
		}
		foreach my $i (1 .. int(rand(2.5)))
		{
			my $index = $self->name;
			my $d     = pick(@plain)->{name};
			my $how   = pick("($c)", "($c DESC, $d)", "($c) INCLUDE ($d)", "(($c IS NULL))", "($c NULLS FIRST) WHERE $d IS NOT NULL", "USING hash ($c)", "($c) WITH (fillfactor = 50)", "USING hash ($c) WITH (fillfactor = 60)");
			my $unique = $how =~ /USING/ ? '' : pick('', 'UNIQUE ');
			my $of = $self->add('index', "$schema->{name}.$index", ["CREATE ${unique}INDEX $index ON $name $how"], needs => [$table], other => [ "CREATE INDEX $index ON $name ($d)", "DROP INDEX $schema->{name}.$index", "CREATE ${unique}INDEX $index ON $name $how" ]);

			$self->decorate($of);
			$self->add('cluster', $index, ["ALTER TABLE $name CLUSTER ON $index"], needs => [$of]) if $how =~ /^\(\Q$c\E\)/ && !$table->{clustered}++ && chance(40);
		}
		if (chance(30))
		{
			my $constraint = $self->name;
			my $check      = pick("$c IS NOT NULL OR true", "$c = $c");
			my $more = pick('', '', ' NOT VALID', ' NO INHERIT');

			$self->decorate($self->add('constraint', $constraint, ["ALTER TABLE $name ADD CONSTRAINT $constraint CHECK ($check)$more"], needs => [$table], on => $on, class => 'CONSTRAINT')) unless $table->{no_inherit} && $more =~ /INHERIT/;
		}
		if (chance(15) && @plain > 1)
		{
			my $statistics = "$schema->{name}." . $self->name;
			my $of = $self->add('statistics', $statistics, [ "CREATE STATISTICS $statistics " . pick('', '(ndistinct) ', '(mcv, dependencies) ') . "ON $plain[0]{name}, $plain[1]{name} FROM $name" ], needs => [$table]);

			$self->add('statistics target', $statistics, ["ALTER STATISTICS $statistics SET STATISTICS 12"], needs => [$of]) if chance(50);
			$self->decorate($of, owner => 1);
		}
		foreach my $to ($self->some('key'))
		{
			next if !$to || !chance(50) || $to == ($key // 0);
			my @same = grep { $_->{type} eq $to->{type} } @plain;
			next if !@same || $same[0]{more} =~ /STORED/;
			my $constraint = $self->name;
			my $actions = pick('', ' ON DELETE CASCADE', ' ON UPDATE SET NULL ON DELETE RESTRICT', ' MATCH FULL DEFERRABLE', ' NOT VALID', ' DEFERRABLE INITIALLY DEFERRED');

			next if $table->{unlogged} || "@{$to->{table}{statements}}" =~ /UNLOGGED/;
			$self->decorate($self->add('foreign key', $constraint, ["ALTER TABLE $name ADD CONSTRAINT $constraint FOREIGN KEY ($same[0]{name}) REFERENCES $to->{table}{name} ($to->{column})$actions"], needs => [ $table, $to ], on => $on, class => 'CONSTRAINT'));
		}
	}
	if (chance(25))
	{
		my ($trigger, $function) = ($self->name, "$schema->{name}." . $self->name);
		my $when = pick('BEFORE INSERT', 'AFTER UPDATE', 'BEFORE INSERT OR DELETE');
		my $each = pick('ROW', 'STATEMENT');
		my $of = $self->add('trigger', $trigger, [ "CREATE FUNCTION $function() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'", "CREATE TRIGGER $trigger $when ON $name FOR EACH $each EXECUTE FUNCTION $function(" . pick('', "'a', 'it''s'") . ')' ], needs => [$table], on => $on);

		$self->add('trigger state', $trigger, [ "ALTER TABLE $name " . pick('DISABLE', 'ENABLE REPLICA', 'ENABLE ALWAYS') . " TRIGGER $trigger" ], needs => [$of]) if chance(40);
		$self->decorate($of);
	}
	if (chance(15))
	{
		my $rule = $self->name;
		my $made = "RULE $rule AS ON " . pick('INSERT', 'DELETE') . " TO $name DO " . pick('INSTEAD NOTHING', 'ALSO NOTIFY changed');

		$self->decorate($self->add('rule', $rule, ["CREATE $made"], needs => [$table], on => $on, other => [ "CREATE $made", "ALTER TABLE $name DISABLE RULE $rule", "ALTER TABLE $name ENABLE RULE $rule" ]));
	}
	if (chance(20))
	{
		my $policy = $self->name;

		$self->decorate($self->add('policy', $policy, [ "CREATE POLICY $policy ON $name" . pick('', ' AS RESTRICTIVE') . pick(' FOR SELECT', ' FOR DELETE', '') . ' TO ' . pick(@roles, 'PUBLIC') . ' USING (true)' ], needs => [$table], on => $on));
		$self->add('row security', $name, [ "ALTER TABLE $name " . pick('ENABLE', 'FORCE') . ' ROW LEVEL SECURITY' ], needs => [$table], other => undef);
	}
	$self->add('replica identity', $name, [ "ALTER TABLE $name REPLICA IDENTITY " . pick('FULL', 'NOTHING') ], needs => [$table]) if chance(10);
	return;
}

sub make_inheritance
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my $parent = $self->some('table');
	my $column = $self->name;
	my $object = $self->add('child', $name, ["CREATE TABLE $name ($column integer DEFAULT 5) INHERITS ($parent->{name})"], needs => [ $schema, $parent ], class => 'TABLE');

	# A constraint that comes first to the parent is the child's too.
	$self->add('child default', $name, [ "ALTER TABLE $name ALTER $parent->{columns}[0]{name} SET NOT NULL" ], needs => [$object]) if chance(30) && !$parent->{columns}[0]{not_null};
	return $self->decorate($object, owner => 1, rights => ['SELECT']);
}

sub make_partitions
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my ($id, $key) = map { $self->name } 1 .. 2;
	my $object = $self->add('partitioned', $name, ["CREATE TABLE $name ($id bigint NOT NULL, $key date DEFAULT '2020-01-01') PARTITION BY RANGE ($key)"], needs => [$schema], class => 'TABLE');
	my @parts;

	foreach my $year (2020 .. 2020 + int(rand(3)))
	{
		my $part  = "$schema->{name}." . $self->name;
		my $bound = "FOR VALUES FROM ('$year-01-01') TO ('" . ($year + 1) . "-01-01')";

		push @parts, $self->add('partition', $part, [ "CREATE TABLE $part ($id bigint NOT NULL, $key date DEFAULT '2020-01-01')", "ALTER TABLE $name ATTACH PARTITION $part $bound" ], needs => [$object], class => 'TABLE',
			other => ["CREATE TABLE $part PARTITION OF $name $bound"]);
	}
	if (chance(60))
	{
		my $index = $self->name;

		# Indexes of partitions get their names when both are there.
		$self->add('partitioned index', $index, ["CREATE INDEX $index ON $name ($id)"], needs => [ $object, @parts ]);
	}
	return $self->decorate($object, owner => 1, rights => ['SELECT']);
}

sub make_typed
{
	my ($self) = @_;
	my $type = $self->some('composite');
	my ($schema, $name) = $self->in_schema;

	return $self->decorate($self->add('typed', $name, ["CREATE TABLE $name OF $type->{name}"], needs => [ $schema, $type ], class => 'TABLE'), owner => 1);
}

sub make_view
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my ($one, $two) = ($self->some('table'), $self->some('table'));
	my $c = $one->{columns}[0]{name};
	my $query = pick("SELECT * FROM $one->{name}", "SELECT t.$c AS " . $self->name . ", count(*) OVER () FROM $one->{name} t WHERE t.$c IS NOT NULL", "SELECT a.$c FROM $one->{name} a LEFT JOIN $two->{name} b ON true LIMIT 3",
		"WITH w AS (SELECT $c FROM $one->{name}) SELECT $c, 'it''s'::text AS t, '2020-01-02'::date AS d, interval '1 day 2 hours' AS i, 0.1::float8 AS f FROM w", "SELECT NULL::integer AS a WHERE EXISTS (SELECT FROM $one->{name} x WHERE x.$c IS NULL)");
	my $with = pick('', '', ' WITH (security_barrier = true)', ' WITH (security_invoker = true)');
	my $object = $self->add('view', $name, ["CREATE VIEW $name$with AS $query"], needs => [ $schema, $one, $two ], other => [ "CREATE VIEW $name AS $query", $with ne '' ? ("ALTER VIEW $name SET" . ($with =~ s/ WITH//r)) : () ]);

	return $self->decorate($object, owner => 1, rights => [ 'SELECT', 'INSERT', 'ALL' ], on => "TABLE $name");
}

sub make_matview
{
	my ($self) = @_;
	my ($schema, $name) = $self->in_schema;
	my $table = $self->some('table');

	return $self->decorate($self->add('materialized view', $name, [ "CREATE MATERIALIZED VIEW $name" . pick('', ' WITH (fillfactor = 44)') . " AS SELECT count(*) AS n, 1 AS one FROM $table->{name} WITH NO DATA" ], needs => [ $schema, $table ]), owner => 1, rights => ['SELECT'], on => "TABLE $name");
}

sub make_wrapper
{
	my ($self) = @_;
	my ($wrapper, $server) = ($self->name, $self->name);
	my ($schema, $table) = $self->in_schema;
	my $w = $self->decorate($self->add('wrapper', $wrapper, [ "CREATE FOREIGN DATA WRAPPER $wrapper" . pick('', " OPTIONS (a 'b', \"C d\" 'it''s')") ], class => 'FOREIGN DATA WRAPPER'), owner => 'superuser', rights => ['USAGE']);
	my $s = $self->decorate($self->add('server', $server, [ "CREATE SERVER $server" . pick('', " TYPE 't'") . pick('', " VERSION '2'") . " FOREIGN DATA WRAPPER $wrapper" . pick('', " OPTIONS (host 'h')") ], needs => [$w]), rights => ['USAGE'], on => "FOREIGN SERVER $server");

	$self->add('user mapping', $server, [ 'CREATE USER MAPPING FOR ' . pick(@roles, 'PUBLIC') . " SERVER $server" ], needs => [$s]) if chance(60);
	return $self->decorate($self->add('foreign table', $table, [ "CREATE FOREIGN TABLE $table (a integer" . pick('', " OPTIONS (x 'y')") . pick('', ' NOT NULL') . ", b text DEFAULT 'b') SERVER $server" . pick('', " OPTIONS (f 'g')") ], needs => [ $schema, $s ]), owner => 1, rights => ['SELECT'], on => "TABLE $table");
}

sub make_publication
{
	my ($self) = @_;
	my $name = $self->name;
	my $with = pick('', " WITH (publish = 'insert')", ' WITH (publish_via_partition_root = true)');
	my $table = $self->some('table');
	my $for = chance(30) ? ' FOR ALL TABLES' : '';
	my $object = $self->add('publication', $name, ["CREATE PUBLICATION $name$for$with"]);

	return $object if "@{$table->{statements}}" =~ /UNLOGGED/;
	if ($for eq '' && chance(70))
	{
		my $row = pick('', ' WHERE (true)', " ($table->{columns}[0]{name})");

		$row = '' if $row =~ /^ \(/ && $table->{columns}[0]{more} =~ /STORED/;
		$self->add('publication table', $name, ["ALTER PUBLICATION $name ADD TABLE ONLY $table->{name}$row"], needs => [ $object, $table ]);
	}
	elsif ($for eq '' && chance(50))
	{
		my $schema = $self->some('schema');

		$self->add('publication schema', $name, ["ALTER PUBLICATION $name ADD TABLES IN SCHEMA $schema->{name}"], needs => [ $object, $schema ]);
	}
	return $self->decorate($object);
}

sub make_subscription
{
	my ($self) = @_;
	my $name = $self->name;
	my $more = join '', map { chance(40) ? ", $_" : '' } ('binary', 'streaming = on', 'disable_on_error', 'two_phase', 'synchronous_commit = local');

	$more .= ', streaming = off' if $more !~ /streaming/;
	return $self->decorate($self->add('subscription', $name, ["CREATE SUBSCRIPTION $name CONNECTION 'host=nowhere' PUBLICATION one, \"Two\" WITH (connect = false, slot_name = NONE$more)"]), owner => 'superuser');
}

sub make_event_trigger
{
	my ($self) = @_;
	my $name = $self->name;
	my ($schema, $function) = $self->in_schema;
	my $when = pick('sql_drop', 'ddl_command_end', "ddl_command_start WHEN TAG IN ('CREATE ROLE')", 'table_rewrite');

	$when =~ s/'CREATE ROLE'/'ALTER TABLE', 'DROP VIEW'/;
	my $object = $self->add('event trigger', $name, [ "CREATE FUNCTION $function() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'", "CREATE EVENT TRIGGER $name ON $when EXECUTE FUNCTION $function()" ], needs => [$schema]);
	$self->add('event trigger state', $name, [ "ALTER EVENT TRIGGER $name " . pick('DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA') ], needs => [$object]) if chance(50);
	return $self->decorate($object, owner => 'superuser');
}

sub make_default_rights
{
	my ($self) = @_;
	my $schema = chance(50) ? $self->some('schema') : undef;
	my $in     = $schema ? " IN SCHEMA $schema->{name}" : '';
	my $what   = pick('SELECT ON TABLES', 'USAGE ON SEQUENCES', 'EXECUTE ON FUNCTIONS', 'USAGE ON TYPES');
	my $base   = 'ALTER DEFAULT PRIVILEGES FOR ROLE ' . pick(@roles) . $in;
	my $role   = pick(@roles);

	return if $self->{seen}{"$base $what $role"}++;
	return $self->add('default rights', "$base $what $role", [ "$base GRANT $what TO $role" . pick('', ' WITH GRANT OPTION') ], needs => [$schema]);
}

sub make_system_rights
{
	my ($self) = @_;

	return $self->add('system rights', '', [ pick('GRANT SELECT ON pg_catalog.pg_authid TO reader', 'REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC', 'REVOKE USAGE ON TYPE pg_catalog.box FROM PUBLIC',
		'REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC', 'GRANT USAGE ON SCHEMA public TO "Web User" WITH GRANT OPTION', 'GRANT SELECT (rolname) ON pg_catalog.pg_authid TO app_owner', 'REVOKE USAGE ON SCHEMA public FROM PUBLIC', "COMMENT ON SCHEMA public IS 'own'", 'COMMENT ON SCHEMA public IS NULL') ]);
}

# --- Ways to build it -------------------------------------------------------

# The statements, in the order in which the objects were thought of.
sub straight
{
	my ($self) = @_;

	return map { @{ $_->{statements} } } @{ $self->{objects} };
}

# The statements of another way: in another order, with detours.
sub detour
{
	my ($self) = @_;
	my (%done, @statements);
	my @waiting = shuffle(@{ $self->{objects} });

	while (@waiting)
	{
		my @later;

		foreach my $object (@waiting)
		{
			if (grep { !$done{$_} } @{ $object->{needs} }) { push @later, $object; next; }
			$done{$object} = 1;
			push @statements, chance(70) ? @{ $object->{other} } : @{ $object->{statements} };
			push @statements, pick('CREATE TABLE public.gone (a serial PRIMARY KEY, b text UNIQUE)', 'CREATE VIEW public.gone AS SELECT 1', 'CREATE SCHEMA gone CREATE TABLE t (a integer)', 'CREATE SEQUENCE public.gone') if chance(5) && ($statements[-1] // '') !~ /gone/;
			push @statements, ($1 eq 'SCHEMA' ? 'DROP SCHEMA gone CASCADE' : "DROP $1 public.gone") if @statements && $statements[-1] =~ /^CREATE (\w+) (public\.)?gone/;
		}
		die 'objects need each other' if @later == @waiting;
		@waiting = shuffle(@later);
	}
	return @statements;
}

# Settings of a session that must not matter.
sub settings
{
	my ($self) = @_;

	return (
		'SET search_path = ' . pick('pg_catalog', "''", map { $_->{name} } @{ $self->{of}{schema} }),
		'SET DateStyle = ' . pick("'SQL, DMY'", "'German'", "'ISO, YMD'"),
		'SET IntervalStyle = ' . pick('iso_8601', 'sql_standard', 'postgres_verbose'),
		'SET quote_all_identifiers = on',
		'SET extra_float_digits = ' . pick(0, 3, -2),
		'SET TimeZone = ' . pick("'Asia/Kolkata'", "'America/New_York'"),
		'SET bytea_output = ' . pick('escape', 'hex'),
		"SET lc_messages = 'C'",
		'SET default_table_access_method = heap',
		'SET row_security = ' . pick('on', 'off'),
		'SET xmlbinary = hex',
		'SET ROLE dba');
}

# Statements that change it, most of them: some fail, some change nothing.
sub mutation
{
	my ($self) = @_;
	my $object = pick(grep { $_->{kind} !~ /^(comment|owner|grant|revoke|members|column .*|.* (state|rights|table|schema|target|default|identity|security)|cluster)$/ } @{ $self->{objects} });
	my $it     = "$object->{class} $object->{name}$object->{on}";
	my @any    = ("COMMENT ON $it IS 'mutation'", "COMMENT ON $it IS NULL", "DROP $it", "ALTER $it OWNER TO reader", "ALTER $it RENAME TO " . $self->name);
	my %special = (
		schema   => [ "GRANT CREATE ON $it TO reader", "REVOKE ALL ON $it FROM PUBLIC, reader, app_owner" ],
		enum     => [ "ALTER $it ADD VALUE 'mutation'", "ALTER $it ADD VALUE 'mutation' BEFORE 'one'", "REVOKE ALL ON $it FROM PUBLIC" ],
		domain   => [ "ALTER $it SET DEFAULT '2020-05-05'", "ALTER $it DROP DEFAULT", "ALTER $it SET NOT NULL", "ALTER $it DROP NOT NULL", "ALTER $it ADD CHECK (VALUE IS NOT NULL)" ],
		sequence => [ map { "ALTER $it $_" } 'INCREMENT 4', 'CACHE 2', 'NO CYCLE', 'CYCLE', 'MAXVALUE 900', 'AS bigint', 'SET UNLOGGED', 'SET LOGGED' ],
		function => [ map { "ALTER $it $_" } 'STABLE', 'VOLATILE', 'STRICT', 'COST 99', 'COST 100', "SET work_mem = '9MB'", 'RESET ALL', 'PARALLEL SAFE', 'LEAKPROOF', 'SECURITY DEFINER' ],
		composite => [ "ALTER $it ADD ATTRIBUTE mutation integer CASCADE" ],
		view     => [ "ALTER $it SET (security_barrier = false)", "ALTER $it RESET (security_barrier)", "GRANT SELECT ON $object->{name} TO reader" ],
		index    => [ "ALTER $it SET (fillfactor = 61)" ],
		statistics => [ "ALTER $it SET STATISTICS 3" ],
		language => [ "REVOKE USAGE ON $it FROM PUBLIC", "GRANT USAGE ON $it TO reader" ],
		server   => [ "ALTER $it VERSION '3'", "ALTER $it OPTIONS (mutation 'x')" ],
		publication => [ "ALTER $it SET (publish = 'delete')", "ALTER $it SET (publish_via_partition_root = true)" ],
		subscription => [ "ALTER $it SET (binary = true)", "ALTER $it SET (streaming = on)", "ALTER $it SET (synchronous_commit = off)" ],
		'event trigger' => [ "ALTER $it DISABLE", "ALTER $it ENABLE", "ALTER $it ENABLE REPLICA" ],
		partition => [ "ALTER TABLE $object->{name} ADD CONSTRAINT mutation CHECK (true)", "ALTER TABLE $object->{name} ALTER 2 SET DEFAULT now()" ]);

	if ($object->{kind} eq 'table')
	{
		my $c = pick(@{ $object->{columns} })->{name};

		push @{ $special{table} }, map { "ALTER TABLE $object->{name} $_" } "ADD mutation integer", "ADD mutation integer NOT NULL DEFAULT 3", "DROP $c CASCADE", "ALTER $c SET NOT NULL", "ALTER $c DROP NOT NULL", "ALTER $c DROP DEFAULT",
		  "ALTER $c SET DEFAULT NULL", "ALTER $c TYPE bigint", "ALTER $c TYPE text", "ALTER $c SET STATISTICS 5", "ALTER $c SET STORAGE main", "RENAME $c TO mutation", 'SET UNLOGGED', 'SET LOGGED', 'SET (fillfactor = 70)', 'RESET (fillfactor)',
		  'ENABLE ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY', 'FORCE ROW LEVEL SECURITY', 'REPLICA IDENTITY FULL', 'REPLICA IDENTITY DEFAULT', 'DISABLE TRIGGER USER', 'SET WITHOUT CLUSTER', 'ADD CONSTRAINT mutation CHECK (true)', "ADD CONSTRAINT mutation UNIQUE ($c)";
		push @{ $special{table} }, "GRANT SELECT ON $object->{name} TO reader", "REVOKE ALL ON $object->{name} FROM reader, app_owner, \"Web User\"", "GRANT SELECT ($c) ON $object->{name} TO reader", "CREATE INDEX ON $object->{name} ($c)",
		  "COMMENT ON COLUMN $object->{name}.$c IS 'mutation'";
	}
	my $special = $special{ $object->{kind} };
	return pick($special && chance(75) ? @$special : @any);
}

1;
