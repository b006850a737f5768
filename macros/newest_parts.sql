{#
    The newest version of each thing that lies in a file as several rows, of which only the first has
    `head` (an order with its lines), as a subquery. Large exports are cut into files without regard to
    where a thing ends: the rows of a file that has no first row of it belong to the newest first row of
    the same day. Files of one day are one export; their times differ by what it took to make them.
#}
{% macro newest_parts(source_name, table_name, key, head) %}
(
    with

    loaded as (

        select * from {{ source(source_name, table_name) }}

    ),

    parts as (

        select
            {{ key | join(', ') }},
            _fingerprint,
            _exported_at,
            max(case when {{ head }} is not null then 1 else 0 end) as has_head
        from loaded
        group by {{ key | join(', ') }}, _fingerprint, _exported_at

    ),

    heads as (

        select * from parts
        where has_head = 1
        qualify row_number() over (
            partition by {{ key | join(', ') }}
            order by _exported_at desc, _fingerprint desc
        ) = 1

    ),

    tails as (

        select parts.*
        from parts
        left join heads
            on {{ same_key(key, 'parts', 'heads') }}
        where
            parts.has_head = 0
            and coalesce(cast(heads._exported_at as date), cast(parts._exported_at as date))
            = cast(parts._exported_at as date)
        qualify row_number() over (
            partition by {% for column in key %}parts.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
            order by parts._exported_at desc, parts._fingerprint desc
        ) = 1

    ),

    newest as (

        select * from heads
        union all
        select * from tails

    )

    select loaded.*, cast(null as timestamp) as deleted_at
    from loaded
    inner join newest
        on
            {{ same_key(key, 'loaded', 'newest') }}
            and loaded._fingerprint = newest._fingerprint
)
{% endmacro %}


{# Whether two relations have the same key. #}
{% macro same_key(key, left, right) -%}
    {% for column in key %}{{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
{%- endmacro %}
