{#
    A Salesforce id with all its 18 characters. Reports show the first 15, in which case matters; the last
    three say which of them are capitals: a letter for each five, A to Z and 0 to 5.
#}
{% macro salesforce_id(id) -%}
    case
        when length({{ id }}) = 15
            then {{ id }}
            {%- for chunk in range(3) %}
            || substring(
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345',
                1
                {%- for place in range(5) %}
                + case
                    when substring({{ id }}, {{ 5 * chunk + place + 1 }}, 1) between 'A' and 'Z'
                        then {{ 2 ** place }}
                    else 0
                end
                {%- endfor %},
                1
            )
            {%- endfor %}
        else {{ id }}
    end
{%- endmacro %}


{#
    One row per record that two CTEs know, `native` and `connector`: the newest version of it, wherever it came
    from. A full export that lacks a record is news of it, too. What the connector keeps as an older
    version is never the current one; where it keeps no other, the record was deleted. Ids of 15 and of
    18 characters are one. `is_deleted` says whether the record is gone, `known_at` of when that news is.
#}
{% macro newest_record(key, columns, native_deleted='is_deleted') %}
(
    select
        {% for column in [key] + columns %}{{ column }}, {% endfor %}
        is_deleted,
        exported_at,
        known_at

    from (
        select
            {% for column in [key] + columns %}{{ column }}, {% endfor %}
            {{ native_deleted }} or deleted_at is not null as is_deleted,
            exported_at,
            coalesce(deleted_at, exported_at) as known_at,
            true as is_active_version,
            cast(null as timestamp) as version_started_at,
            1 as door
        from native

        union all

        select
            {% for column in [key] + columns %}{{ column }}, {% endfor %}
            is_deleted or not is_active_version,
            exported_at,
            exported_at,
            is_active_version,
            version_started_at,
            2
        from connector
    ) as versions

    qualify row_number() over (
        partition by left({{ key }}, 15)
        order by known_at desc, is_active_version desc, version_started_at desc nulls last, door asc, {{ key }} desc
    ) = 1
)
{% endmacro %}


{#
    The records of the CTE `newest`, with what the CTE `reports` knows beyond it. A report has some fields
    of some records: where it is newer its values replace those of `changing` columns, but a blank never
    does; `fixed` columns are only filled up. A record that a newer report lists is there.
#}
{% macro with_reports(key, fixed, changing, ids=[]) %}
(
    select
        coalesce(newest.{{ key }}, {{ salesforce_id('reported.' ~ key) }}) as {{ key }},
        {% for column in fixed %}
        coalesce(newest.{{ column }}, {{ salesforce_id('reported.' ~ column) if column in ids else 'reported.' ~ column }})
            as {{ column }},
        {% endfor %}
        {% for column in changing %}
        case
            when reported.is_newer
                then coalesce(
                    {{ salesforce_id('reported.' ~ column) if column in ids else 'reported.' ~ column }},
                    newest.{{ column }}
                )
            else newest.{{ column }}
        end as {{ column }},
        {% endfor %}
        case when reported.is_newer then reported.is_deleted else newest.is_deleted end as is_deleted,
        coalesce(reported.is_newer, false) as is_reported,
        case when reported.is_newer then reported.exported_at else newest.exported_at end as exported_at,
        case when reported.is_newer then reported.exported_at else newest.known_at end as known_at

    from newest

    full outer join (
        select
            reports.*,
            known.known_at is null or reports.exported_at > known.known_at as is_newer
        from reports
        left join newest as known
            on left(reports.{{ key }}, 15) = left(known.{{ key }}, 15)
        qualify row_number() over (
            partition by left(reports.{{ key }}, 15)
            order by reports.exported_at desc, reports.{{ key }} desc
        ) = 1
    ) as reported
        on left(newest.{{ key }}, 15) = left(reported.{{ key }}, 15)
)
{% endmacro %}
