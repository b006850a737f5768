{#
    The loaded files as relations. `_files.parquet` lists the files that count; the schema file of
    each table comes first, so that a table without files, or with columns that older files lack,
    is a relation like any other. A build aside (of a past day, or under other definitions) has
    lists of its own, in the folder PLUMBLINE_LISTS.
#}
{% macro register_raw() %}
    {% if execute and flags.WHICH in ('build', 'run', 'test', 'show') %}
        {% set raw = env_var('PLUMBLINE_WORKSPACE', 'workspaces/demo') ~ '/raw' %}
        {{ adapter.dispatch('register_raw')(raw, env_var('PLUMBLINE_LISTS', raw)) }}
    {% endif %}
{% endmacro %}

{% macro duckdb__register_raw(raw_folder, lists_folder) %}
    {# An apostrophe in the path is doubled, as in any literal. #}
    {% set raw = raw_folder | replace("'", "''") %}
    {% set lists = lists_folder | replace("'", "''") %}
    {% set listed = run_query(
        "select source_name || '__' || table_name, path, rejects_path from read_parquet('" ~ lists ~ "/_files.parquet')"
        ~ " order by 1, 2"
    ) %}
    {% set paths = {} %}
    {% set rejects = [] %}
    {% for relation, path, rejects_path in listed.rows %}
        {% do paths.setdefault(relation, []).append(raw ~ '/' ~ path) %}
        {% if rejects_path %}{% do rejects.append(raw ~ '/' ~ rejects_path) %}{% endif %}
    {% endfor %}

    create schema if not exists raw;
    {% for node in graph.sources.values() if node.source_name == 'plumbline' %}
    create or replace view raw.{{ node.identifier }} as
        select * from read_parquet('{{ lists }}/_{{ node.name }}.parquet');
    {% endfor %}
    {% for node in graph.sources.values() if node.source_name != 'plumbline' %}
    create or replace view raw.{{ node.identifier }} as
        select contents.*, files.exported_at as _exported_at, files.file_name as _file_name
        from read_parquet(
            ['{{ ([raw ~ '/' ~ node.source_name ~ '/' ~ node.name ~ '/_schema.parquet']
                + paths.get(node.identifier, [])) | join("', '") }}'],
            union_by_name = true
        ) as contents
        inner join raw.plumbline__files as files
            on contents._fingerprint = files.fingerprint;
    {% endfor %}
{% endmacro %}

{% macro default__register_raw(raw_folder, lists_folder) %}
    {{ exceptions.raise_compiler_error(
        'The raw files are registered on DuckDB only so far: models compile for ' ~ target.type ~ ', they do not run there yet.'
    ) }}
{% endmacro %}
