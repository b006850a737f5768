{#
    How far down the file of a row goes: to the finest of these columns that any of its rows fills. It is
    a property of the file (and of each `per` in it), as a report of ads may hold campaigns that have none.
#}
{% macro ad_level(campaign, ad_group=[], ad=[], per=[]) -%}
    case
        max(
            case
                {% if ad %}when coalesce({{ ad | join(', ') }}) is not null then 3
                {% endif %}{% if ad_group %}when coalesce({{ ad_group | join(', ') }}) is not null then 2
                {% endif %}when coalesce({{ campaign | join(', ') }}) is not null then 1
                else 0
            end
        ) over (partition by {{ (['_fingerprint'] + per) | join(', ') }})
        when 3 then 'ad'
        when 2 then 'ad_group'
        when 1 then 'campaign'
        else 'account'
    end
{%- endmacro %}


{#
    The currency that a sign in front of an amount stands for (`US$50.00`), null where it could be several.
#}
{% macro currency_of_sign(amount) -%}
    case
        when {{ amount }} like 'US$%' then 'USD'
        when {{ amount }} like 'CA$%' then 'CAD'
        when {{ amount }} like 'A$%' or {{ amount }} like 'AU$%' then 'AUD'
        when {{ amount }} like 'NZ$%' then 'NZD'
        when {{ amount }} like 'R$%' then 'BRL'
        when {{ amount }} like '€%' or {{ amount }} like '%€' then 'EUR'
        when {{ amount }} like '£%' then 'GBP'
        when {{ amount }} like '₹%' then 'INR'
    end
{%- endmacro %}
