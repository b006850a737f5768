{#
    What older exports know of the rows whose newest version is from a file that lists only some rows, and
    perhaps only some columns: of each column the last value that was not blank. Of `flags`, which are
    false where a file cannot tell, whether one was ever true. A subquery with a row per such key.
#}
{% macro last_known(source_name, table_name, key, columns, flags=[]) %}
(
    select
        {{ key }}
        {%- for column in columns %},
        max_by({{ column }}, case when {{ column }} is not null then _moment end) as {{ column }}
        {%- endfor %}
        {%- for flag in flags %},
        max(case when {{ flag }} then 1 else 0 end) = 1 as {{ flag }}
        {%- endfor %}

    from (
        select
            loaded.*,
            files.mode as _mode,
            cast(loaded._exported_at as varchar) || loaded._fingerprint as _moment
        from {{ source(source_name, table_name) }} as loaded
        inner join {{ source('plumbline', 'files') }} as files
            on loaded._fingerprint = files.fingerprint
        where
            files.source_name = '{{ source_name }}' and files.table_name = '{{ table_name }}'
            and exists (
                select 1
                from {{ source('plumbline', 'files') }} as partial_files
                where
                    partial_files.source_name = '{{ source_name }}'
                    and partial_files.table_name = '{{ table_name }}'
                    and partial_files.mode = 'incremental'
            )
    ) as versions

    group by {{ key }}

    having count(*) > 1 and max_by(_mode, _moment) = 'incremental'
)
{% endmacro %}


{# Every version of each row that an export told: one row per key and moment of export, as a subquery. #}
{% macro versions(source_name, table_name, key, columns) %}
(
    select
        {{ key }},
        {% for column in columns %}{{ column }}, {% endfor %}
        _exported_at as exported_at

    from {{ source(source_name, table_name) }}

    -- Of exports of one moment the last by content counts, as everywhere.
    qualify row_number() over (partition by {{ key }}, _exported_at order by _fingerprint desc) = 1
)
{% endmacro %}
