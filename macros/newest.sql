{#
    The newest version of each row of a raw table, as a subquery. Newest is by the time of the
    export, then by content, so that any order of loading gives the same rows. A key that a later full
    export of the same system lacks was deleted at the first such export; an export of which rows were
    rejected deletes nothing, as the missing row may be a rejected one. With `several`, the newest file
    that has a key gives all of its rows.
#}
{% macro newest(source_name, table_name, key, several=false) %}
{% set systems = ['source_system'] if 'source_system' in key else [] %}
(
    select
        versions.*,
        exports.next_exported_at as deleted_at

    from (
        select
            loaded.*,
            {{ 'dense_rank' if several else 'row_number' }}() over (
                partition by {% for column in key %}loaded.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                order by loaded._exported_at desc, loaded._fingerprint desc
            ) as _version
        from {{ source(source_name, table_name) }} as loaded
    ) as versions

    left join (
        select
            {% for system in systems %}{{ system }}, {% endfor %}exported_at,
            min(case when is_full then exported_at end) over (
                {% if systems %}partition by {{ systems | join(', ') }}{% endif %}
                order by exported_at
                rows between 1 following and unbounded following
            ) as next_exported_at
        from (
            select
                {% for system in systems %}delivered.{{ system }}, {% endfor %}files.exported_at,
                max(case when files.mode = 'full' then 1 else 0 end) = 1
                and sum(case when files.mode = 'full' then files.rejected else 0 end) = 0 as is_full
            from {{ source('plumbline', 'files') }} as files
            {% if systems %}
            inner join (
                select distinct {{ systems | join(', ') }}, _fingerprint
                from {{ source(source_name, table_name) }}
            ) as delivered
                on files.fingerprint = delivered._fingerprint
            {% endif %}
            where files.source_name = '{{ source_name }}' and files.table_name = '{{ table_name }}'
            group by {% for system in systems %}delivered.{{ system }}, {% endfor %}files.exported_at
        ) as moments
    ) as exports
        on
            versions._exported_at = exports.exported_at
            {% for system in systems %}and versions.{{ system }} = exports.{{ system }}
            {% endfor %}

    where versions._version = 1
)
{% endmacro %}


{#
    The history of one column, told by successive exports: one row per key and export in which the value
    differs from the one in the export before it. What was true before the first export is not known:
    its row says only since when the value was seen. Columns: the key, the column, `exported_at`, and
    `previous_value` (null in the first).
#}
{% macro changes(source_name, table_name, key, column) %}
(
    select
        {% for name in key %}{{ name }}, {% endfor %}{{ column }}, previous_value, exported_at

    from (
        select
            seen.*,
            lag({{ column }}) over (
                partition by {{ key | join(', ') }}
                order by exported_at
            ) as previous_value,
            row_number() over (
                partition by {{ key | join(', ') }}
                order by exported_at
            ) as _export
        from (
            -- Of exports of one moment the last by content counts, as everywhere.
            select
                {% for name in key %}{{ name }}, {% endfor %}
                _exported_at as exported_at,
                max_by({{ column }}, _fingerprint) as {{ column }}
            from {{ source(source_name, table_name) }}
            group by {{ key | join(', ') }}, _exported_at
        ) as seen
    ) as compared

    where _export = 1 or {{ column }} is distinct from previous_value
)
{% endmacro %}


{#
    The rows of the newest file that covers each day of a scope (an ad account): a file holds its
    whole window, so that a corrected export replaces the days it covers and nothing else. A `level`
    (see ad_level) is added as a column, and files of another level are left alone.
#}
{% macro newest_window(source_name, table_name, date, scope, level=none) %}
{% set scope = scope + [level] if level else scope %}
(
    with

    loaded as (

        select
            *,
            {% if level %}{{ level }} as level,
            {% endif %}
            concat_ws('|'{% for column in scope %}, coalesce({{ column }}, ''){% endfor %}) as _scope
        from {{ source(source_name, table_name) }}

    ),

    windows as (

        select
            _scope,
            _fingerprint,
            _exported_at,
            min({{ date }}) as first_day,
            max({{ date }}) as last_day
        from loaded
        group by _scope, _fingerprint, _exported_at

    ),

    days as (

        select distinct _scope, {{ date }} as _day
        from loaded

    ),

    covering as (

        select
            days._scope,
            days._day,
            windows._fingerprint,
            row_number() over (
                partition by days._scope, days._day
                order by windows._exported_at desc, windows._fingerprint desc
            ) as _version
        from days
        inner join windows
            on
                days._scope = windows._scope
                and days._day between windows.first_day and windows.last_day

    )

    select loaded.*, cast(null as timestamp) as deleted_at
    from loaded
    inner join covering
        on
            loaded._scope = covering._scope
            and loaded.{{ date }} = covering._day
            and loaded._fingerprint = covering._fingerprint
            and covering._version = 1
)
{% endmacro %}
