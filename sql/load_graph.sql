-- What a load refuses in the graph that it would make, and what it allows.
CREATE EXTENSION pgmig;
-- A document, in short: "id^parents#labels~dependencies" with optional parts,
-- several of them separated by blanks.
CREATE FUNCTION pg_temp.load(graph text) RETURNS TABLE (revision text, action text) LANGUAGE sql AS $$
    SELECT i.*
    FROM (SELECT string_agg(format(E'-- %1$s\n--\n-- Revision ID: %1$s\n-- Revises: %2$s\n-- Branch Labels: %3$s\n-- Depends On: %4$s\n\n-- pgmig: upgrade\nSELECT %1$L;\n-- pgmig: downgrade\n\n',
                                   substring(r from '^[^\^#~]*'), substring(r from '\^([^#~]*)'),
                                   substring(r from '#([^~]*)'), substring(r from '~(.*)')), '' ORDER BY n) AS document
          FROM string_to_table(graph, ' ') WITH ORDINALITY x (r, n)) d,
         pgmig_import(d.document, 'gräph.sql') i
$$;
SET client_min_messages = warning;

-- parents in any order; load order is that of the document
SELECT * FROM pg_temp.load('c^b a b^a');
SELECT revision, load_order, has_children FROM pgmig.revision ORDER BY load_order;
-- a merge, a dependency by label and by id
SELECT * FROM pg_temp.load('x#"läb;el" y^x#two,three m^c,y d~"läb;el" e~two,c');
SELECT revision, ordinal, dependency, declared FROM pgmig.revision_dependency ORDER BY 1, 2;
SELECT revision, ordinal, parent FROM pgmig.revision_parent ORDER BY 1, 2;
SELECT revision, ordinal, label FROM pgmig.branch_label ORDER BY 1, 2;

-- refused
SELECT * FROM pg_temp.load('n n');
SELECT * FROM pg_temp.load('n^none');
SELECT * FROM pg_temp.load('n^"läb;el"');
SELECT * FROM pg_temp.load('n^n');
SELECT * FROM pg_temp.load('n~n');
SELECT * FROM pg_temp.load('n#l~l');
SELECT * FROM pg_temp.load('n~none');
SELECT * FROM pg_temp.load('n^a,a');
SELECT * FROM pg_temp.load('n~a,a');
SELECT * FROM pg_temp.load('n~x,"läb;el"');
SELECT * FROM pg_temp.load('n^o o^p p^n');
SELECT * FROM pg_temp.load('n^o o~n');
SELECT * FROM pg_temp.load('a^c');
SELECT * FROM pg_temp.load('x#"läb;el"~d');
SELECT * FROM pg_temp.load('x#"läb;el"~m');
-- labels
SELECT * FROM pg_temp.load('n#l o#l');
SELECT * FROM pg_temp.load('n#n');
SELECT * FROM pg_temp.load('n#l,l');
SELECT * FROM pg_temp.load('n#o o');
SELECT * FROM pg_temp.load('o n#o');
SELECT * FROM pg_temp.load('n#two');
SELECT * FROM pg_temp.load('n#a');
SELECT * FROM pg_temp.load('two');
SELECT * FROM pg_temp.load('y^x#two,three,x');
SELECT * FROM pg_temp.load('n#head');
SELECT * FROM pg_temp.load('ba:se');
SELECT count(*) FROM pgmig_history();

-- Labels go from one to another in one load, as a name may that becomes free.
SELECT * FROM pg_temp.load('p#left q#right');
SELECT * FROM pg_temp.load('p#right q#left');
SELECT revision, labels FROM pgmig_show('left');
SELECT * FROM pg_temp.load('p#right');
SELECT * FROM pg_temp.load('q p#left');
SELECT * FROM pg_temp.load('q');
SELECT * FROM pg_temp.load('right p#left');
SELECT revision FROM pgmig_show('left');
-- ... but not from under those that depend on it by that name.
SELECT * FROM pg_temp.load('s~left');
SELECT * FROM pg_temp.load('p#new');
SELECT * FROM pg_temp.load('p q#left');
SELECT * FROM pg_temp.load('p s~p');
SELECT * FROM pg_temp.load('p#left s~left');
-- In one load, who depends on the name depends on the new one.
SELECT * FROM pg_temp.load('p q#left s~left');
SELECT dependency FROM pgmig.revision_dependency WHERE revision = 's';
SELECT pgmig_upgrade('s');
SELECT * FROM pg_temp.load('p#left q s~left');
-- Not if that closes a circle
SELECT * FROM pg_temp.load('q s~left t^s#left');

-- Below what is applied nothing is put in, and nothing applied gets another
-- parent.
SELECT pgmig_upgrade('b');
SELECT * FROM pg_temp.load('i^a b^i');
SELECT * FROM pg_temp.load('b^c');
SELECT * FROM pg_temp.load('a~x');
SELECT * FROM pg_temp.load('b');
SELECT * FROM pg_temp.load('i^a c^i');
SELECT revision, parents FROM pgmig_show('c');

DROP EXTENSION pgmig CASCADE;
