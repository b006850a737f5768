{# The click ids of a row: the columns that are filled, and the names of its page's parameters, between `&`. #}
{% macro click_ids(relation) -%}
    '&' || lower(concat_ws(
        '&',
        {% for id in ['gclid', 'gbraid', 'wbraid', 'msclkid', 'fbclid', 'ttclid', 'li_fat_id'] %}
        case when {{ relation }}.{{ id }} is not null then '{{ id }}' end,
        {% endfor %}
        {{ relation }}.page_parameters
    )) || '&'
{%- endmacro %}


{# What a touch or visit tells of where it came from, as one text: what int_channel_evidence is looked up by. #}
{% macro evidence_key(relation, day, click_ids) -%}
    lower(
        cast({{ day }} as varchar)
        || '|' || {{ click_ids }}
        || '|' || coalesce({{ relation }}.utm_source, '')
        || '|' || coalesce({{ relation }}.utm_medium, '')
        || '|' || coalesce({{ relation }}.referrer_host, '')
        || '|' || coalesce({{ relation }}.page_host, '')
    )
{%- endmacro %}


{#
    The channel of a touch or visit (glossary, `channel`), given the joins of `channel_joins` and of
    int_channel_evidence as `channel_evidence`: what it carries itself, else what its source calls it, else
    that some website led here.
#}
{% macro channel_by_evidence(value) -%}
    case
        when channel_evidence.channel is not null then channel_evidence.channel
        when coalesce(channel_map.channel, channels.channel) is not null
            then coalesce(channel_map.channel, channels.channel)
        when channel_evidence.is_referral then 'referral'
        when {{ value }} is not null or channel_evidence.has_utm then 'unmapped'
        else 'unattributed'
    end
{%- endmacro %}


{# By what the channel is known: click_id, utm, referrer, source_text or none. #}
{% macro evidence_of(value) -%}
    case
        when channel_evidence.channel is not null then channel_evidence.evidence
        when coalesce(channel_map.channel, channels.channel) is not null then 'source_text'
        when channel_evidence.is_referral then 'referrer'
        when channel_evidence.has_utm then 'utm'
        when {{ value }} is not null then 'source_text'
        else 'none'
    end
{%- endmacro %}


{# The source in a report of GA4, which names it apart or as `source / medium`. #}
{% macro ga4_source() -%}
    coalesce(source, {{ source_of('source_medium') }})
{%- endmacro %}

{# The medium in such a report. #}
{% macro ga4_medium() -%}
    coalesce(medium, {{ medium_of('source_medium') }})
{%- endmacro %}
