{# numerator / denominator as double, null where the denominator is 0 or unknown (glossary 0.2). #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# A cost per something: null also where the cost is not positive, as credits can exceed spend (glossary 0.2). #}
{% macro cost_ratio(cost, units) -%}
    case when {{ cost }} > 0 then {{ ratio(cost, units) }} end
{%- endmacro %}

{# Stored money: two decimals, rounded half away from zero, from decimals only (glossary 0.3). #}
{% macro money(amount) -%}
    cast({{ amount }} as decimal(18, 2))
{%- endmacro %}

{#
    Money divided by a positive whole number, rounded half away from zero. Decimal division is double
    on one engine and decimal on the other, so the cents are divided as whole numbers.
#}
{% macro money_divided(amount, divisor) -%}
    cast(
        sign({{ amount }})
        * cast(floor(
            cast(200 * abs({{ amount }}) + {{ divisor }} as double)
            / nullif(cast(2 * {{ divisor }} as double), 0)
        ) as bigint)
        * cast(0.01 as decimal(3, 2))
        as decimal(18, 2)
    )
{%- endmacro %}

{#
    Amounts of finer grain than a cent, rounded to cents so that the parts of a group add up to its
    rounded sum: each is rounded down, and the missing cents go to the largest remainders (glossary 0.3).
#}
{% macro money_parts(amount, partition_by, tie) -%}
    cast(
        (
            floor({{ amount }} * 100)
            + case
                when
                    row_number() over (
                        partition by {{ partition_by }}
                        order by {{ amount }} * 100 - floor({{ amount }} * 100) desc, {{ tie }} asc
                    )
                    <= round(sum({{ amount }}) over (partition by {{ partition_by }}) * 100)
                    - sum(floor({{ amount }} * 100)) over (partition by {{ partition_by }})
                    then 1
                else 0
            end
        ) * cast(0.01 as decimal(3, 2))
        as decimal(18, 2)
    )
{%- endmacro %}

{#
    One bound of the 95 % Wilson interval of a rate of counted units (glossary 0.15); null when n is 0.
    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference.
#}
{% macro wilson(bound, successes, trials) -%}
    {%- set z = '1.959964' -%}
    {%- set n = 'cast(' ~ trials ~ ' as double)' -%}
    {%- set p = '(' ~ ratio(successes, trials) ~ ')' -%}
    {%- set centre = '(' ~ p ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / nullif(2 * ' ~ n ~ ', 0))' -%}
    {%- set spread = z ~ ' * sqrt(greatest(' ~ p ~ ' * (1 - ' ~ p ~ '), 0) / nullif(' ~ n ~ ', 0) + '
        ~ z ~ ' * ' ~ z ~ ' / nullif(4 * ' ~ n ~ ' * ' ~ n ~ ', 0))' -%}
    case when {{ trials }} > 0 then
        least(1.0, greatest(0.0,
            ({{ centre }} {{ '-' if bound == 'low' else '+' }} {{ spread }})
            / nullif(1 + {{ z }} * {{ z }} / nullif({{ n }}, 0), 0)
        ))
    end
{%- endmacro %}

{# A percentile by linear interpolation (glossary 0.16), as double. #}
{% macro percentile(value, p) -%}
    {{ adapter.dispatch('percentile')(value, p) }}
{%- endmacro %}

{% macro duckdb__percentile(value, p) -%}
    quantile_cont(cast({{ value }} as double), {{ p }})
{%- endmacro %}

{% macro spark__percentile(value, p) -%}
    percentile(cast({{ value }} as double), {{ p }})
{%- endmacro %}

{#
    An amount in the smallest unit of its currency (cents, but whole yen), as an amount of it. The lists
    are those of Stripe's API, which counts the krona of Iceland and the shilling of Uganda in hundredths.
#}
{% macro from_minor_units(amount, currency_code) -%}
    cast(
        {{ amount }} * case
            when
                lower({{ currency_code }}) in (
                    'bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'vnd', 'vuv', 'xaf',
                    'xof', 'xpf'
                )
                then cast(1 as decimal(4, 3))
            when lower({{ currency_code }}) in ('bhd', 'jod', 'kwd', 'omr', 'tnd') then cast(0.001 as decimal(4, 3))
            else cast(0.01 as decimal(4, 3))
        end
        as decimal(18, 2)
    )
{%- endmacro %}

{#
    Whole units shared by parts of one (`share`), down to the last: every part is rounded down, and the
    missing units go to the largest remainders, equal ones by `tie` (glossary 0.3).
#}
{% macro whole_parts(units, share, partition_by, tie) -%}
    cast(
        floor({{ units }} * {{ share }})
        + case
            when
                row_number() over (
                    partition by {{ partition_by }}
                    order by {{ units }} * {{ share }} - floor({{ units }} * {{ share }}) desc, {{ tie }} asc
                )
                <= {{ units }} - sum(floor({{ units }} * {{ share }})) over (partition by {{ partition_by }})
                then 1
            else 0
        end
        as bigint
    )
{%- endmacro %}

{# Parts of one with ten decimals, which add up to exactly 1: of parts as doubles, which do so nearly. #}
{% macro exact_shares(proportion, partition_by, tie) -%}
    cast(
        {{ whole_parts('cast(10000000000 as double)', proportion, partition_by, tie) }}
        * cast(0.0000000001 as decimal(11, 10))
        as decimal(18, 10)
    )
{%- endmacro %}

{#
    An amount split by shares that add up to 1, to the cent. A negative amount is split as its opposite is,
    so that a full refund cancels each part (glossary 0.3).
#}
{% macro money_split(amount, share, partition_by, tie) -%}
    {%- set cents = 'cast(abs(' ~ amount ~ ') * 100 as bigint)' -%}
    cast(
        sign({{ amount }})
        * {{ whole_parts(cents, share, partition_by, tie) }}
        * cast(0.01 as decimal(3, 2))
        as decimal(18, 2)
    )
{%- endmacro %}

{#
    One bound of the 95 % interval of the difference of two rates, from a Wilson bound of each: for the lower
    one the low bound of the first and the high one of the second, for the upper one the others (glossary C17).
    Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions, method 10.
#}
{% macro newcombe(bound, rate, rate_bound, other_rate, other_bound) -%}
    {{ rate }} - {{ other_rate }} {{ '-' if bound == 'low' else '+' }} sqrt(
        ({{ rate }} - {{ rate_bound }}) * ({{ rate }} - {{ rate_bound }})
        + ({{ other_bound }} - {{ other_rate }}) * ({{ other_bound }} - {{ other_rate }})
    )
{%- endmacro %}

{#
    A step of a Kaplan-Meier curve, of those at risk so many leaving by the event: the logarithm of the share
    that stays, and whether nobody does. `product_of_steps` makes the curve of them.
    Kaplan, E. L. and Meier, P. (1958), Nonparametric estimation from incomplete observations.
#}
{% macro survival_step(events, at_risk) -%}
    case when {{ events }} < {{ at_risk }} then ln({{ ratio(at_risk ~ ' - ' ~ events, at_risk) }}) end as log_step,
        case when {{ events }} = {{ at_risk }} then 1 else 0 end as is_last_step
{%- endmacro %}

{# Rounded, as a product of shares that is one half must not come out a hair above it. #}
{% macro product_of_steps(partition_by, age) -%}
    {%- set so_far = '(partition by ' ~ partition_by ~ ' order by ' ~ age
        ~ ' rows between unbounded preceding and current row)' -%}
    case
        when max(is_last_step) over {{ so_far }} = 1 then cast(0 as double)
        else round(exp(sum(log_step) over {{ so_far }}), 12)
    end
{%- endmacro %}
