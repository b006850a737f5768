{#
    The row of a dated definition that was in force on a day (glossary 0.11). `definition` is the
    alias of the joined definitions table.
#}
{% macro in_force(definition, day) -%}
    {{ day }} >= {{ definition }}.valid_from and {{ day }} < {{ definition }}.valid_to
{%- endmacro %}

{#
    The channel of a source's own text, given the joins of `channel_joins`: what the map says, else the
    text itself where it is a channel, else a named bucket. No text is no source.
#}
{% macro channel_of(value) -%}
    case
        when {{ value }} is null then 'unattributed'
        else coalesce(channel_map.channel, channels.channel, 'unmapped')
    end
{%- endmacro %}

{# The joins that `channel_of` reads: the map of a system on a day, and the list of channels. #}
{% macro channel_joins(system, value, day) %}
    left join {{ source('definitions', 'channel_map') }} as channel_map
        on
            channel_map.source_system = {{ system }}
            and lower(channel_map.source_value) = lower({{ value }})
            and {{ in_force('channel_map', day) }}

    left join {{ source('definitions', 'channels') }} as channels
        on channels.channel = lower({{ value }})
{% endmacro %}

{#
    The status of a deal's stage, given the joins of `stage_status_joins`: what the definitions say of
    the stage as written, else of its label without the pipeline in brackets. Null: they do not know it.
#}
{% macro stage_status() -%}
    coalesce(stage_definitions.status, label_definitions.status)
{%- endmacro %}

{# The joins that `stage_status` reads: the stages of a system on a day, as written and by label. #}
{% macro stage_status_joins(system, stage, day) %}
    left join {{ source('definitions', 'opportunity_stages') }} as stage_definitions
        on
            stage_definitions.source_system = {{ system }}
            and lower(stage_definitions.stage_name) = lower({{ stage }})
            and {{ in_force('stage_definitions', day) }}

    left join {{ source('definitions', 'opportunity_stages') }} as label_definitions
        on
            label_definitions.source_system = {{ system }}
            and lower(label_definitions.stage_name) = lower({{ without_brackets(stage) }})
            and {{ in_force('label_definitions', day) }}
{% endmacro %}

{#
    A parameter of a metric's definition, as double: the thresholds and windows that a metric's row of
    metric_definitions.csv holds. Given the join of `definition_join`; null where the row lacks it.
#}
{% macro parameter(definition, name) -%}
    cast({{ json_text(definition ~ '.parameters', name) }} as double)
{%- endmacro %}

{# The definition of a metric that was in force on a day. Every metric has one each day (a test). #}
{% macro definition_join(alias, metric, day) %}
    inner join {{ source('definitions', 'metric_definitions') }} as {{ alias }}
        on
            {{ alias }}.metric = '{{ metric }}'
            and {{ in_force(alias, day) }}
{% endmacro %}

{# The shared list of reasons for which sales turns a lead down (glossary B10); it is closed. #}
{% macro reject_reasons() -%}
    {{ return([
        'no_budget', 'no_authority', 'no_need', 'bad_timing', 'not_icp', 'bad_data', 'duplicate', 'competitor',
        'unreachable', 'other'
    ]) }}
{%- endmacro %}
