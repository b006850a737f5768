{#
    The newest version of each row of a raw table, as a subquery. Newest is by the time of the
    export, then by content, so that any order of loading gives the same rows. In a table whose
    exports are full, a key that later exports lack was deleted at the first of them; an export of
    which rows were rejected deletes nothing, as the missing row may be a rejected one.
#}
{% macro newest(source_name, table_name, key, mode='incremental') %}
(
    select
        versions.*,
        {% if mode == 'full' %}exports.next_exported_at{% else %}cast(null as timestamp){% endif %} as deleted_at

    from (
        select
            loaded.*,
            row_number() over (
                partition by {% for column in key %}loaded.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                order by loaded._exported_at desc, loaded._fingerprint desc
            ) as _version
        from {{ source(source_name, table_name) }} as loaded
    ) as versions

    {% if mode == 'full' %}
    left join (
        select
            exported_at,
            min(case when rejected = 0 then exported_at end) over (
                order by exported_at
                rows between 1 following and unbounded following
            ) as next_exported_at
        from (
            select
                exported_at,
                sum(rejected) as rejected
            from {{ source('plumbline', 'files') }}
            where source_name = '{{ source_name }}' and table_name = '{{ table_name }}'
            group by exported_at
        ) as distinct_exports
    ) as exports
        on versions._exported_at = exports.exported_at
    {% endif %}

    where versions._version = 1
)
{% endmacro %}


{#
    The rows of the newest file that covers each day of a scope (an ad account): a file holds its
    whole window, so that a corrected export replaces the days it covers and nothing else.
#}
{% macro newest_window(source_name, table_name, date, scope) %}
(
    with

    loaded as (

        select
            *,
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
