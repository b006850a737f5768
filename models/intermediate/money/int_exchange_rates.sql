-- One row per currency and range of days: units of the reporting currency for one unit (glossary 0.6).
-- The definitions win; for currencies and days that they leave out, the rates count that a Salesforce org
-- keeps of its own: those of the day, else those of today.
with

exchange_rates as (

    select * from {{ source('definitions', 'exchange_rates') }}

),

dated_conversion_rates as (

    select * from {{ ref('stg_salesforce__dated_conversion_rates') }}

),

currency_types as (

    select * from {{ ref('stg_salesforce__currency_types') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- An org states units of a currency for one of its corporate currency.
org_rates as (

    select
        currency_code,
        rate,
        2 as preference,
        valid_from,
        valid_to

    from dated_conversion_rates

    where rate > 0 and deleted_at is null

    union all

    select
        currency_code,
        case when is_corporate then 1 else rate end,
        3,
        date '0001-01-01',
        date '9999-12-31'

    from currency_types

    where (rate > 0 or is_corporate) and deleted_at is null

),

-- Through the corporate currency: what one of it is in the reporting currency, by what it is in the other.
through_corporate as (

    select
        org_rates.currency_code,
        cast({{ ratio('reporting.rate', 'org_rates.rate') }} as decimal(20, 12)) as rate,
        greatest(org_rates.preference, reporting.preference) as preference,
        greatest(org_rates.valid_from, reporting.valid_from) as valid_from,
        least(org_rates.valid_to, reporting.valid_to) as valid_to

    from org_rates

    cross join settings

    inner join org_rates as reporting
        on
            settings.reporting_currency = reporting.currency_code
            and org_rates.valid_from < reporting.valid_to
            and reporting.valid_from < org_rates.valid_to

    where org_rates.currency_code != settings.reporting_currency

),

candidates as (

    select
        exchange_rates.currency_code,
        cast(exchange_rates.rate as decimal(20, 12)) as rate,
        1 as preference,
        exchange_rates.valid_from,
        exchange_rates.valid_to

    from exchange_rates

    cross join settings

    where exchange_rates.currency_code != settings.reporting_currency

    union all

    select
        currency_code,
        rate,
        preference,
        valid_from,
        valid_to
    from through_corporate

),

-- Ranges overlap: between any two days on which one of them begins or ends, one rate holds.
bounds as (

    select currency_code, valid_from as bound
    from candidates

    union distinct

    select currency_code, valid_to
    from candidates

),

pieces as (

    select
        currency_code,
        bound as valid_from,
        lead(bound) over (partition by currency_code order by bound) as valid_to

    from bounds

),

chosen as (

    select
        pieces.currency_code,
        candidates.rate,
        pieces.valid_from,
        pieces.valid_to

    from pieces

    inner join candidates
        on
            pieces.currency_code = candidates.currency_code
            and pieces.valid_from >= candidates.valid_from
            and pieces.valid_to <= candidates.valid_to

    -- Where both the rate of the day and that of today are known for one of the two, the day's counts.
    qualify row_number() over (
        partition by pieces.currency_code, pieces.valid_from
        order by candidates.preference asc, candidates.valid_from desc, candidates.valid_to asc, candidates.rate asc
    ) = 1

),

rates as (

    select
        currency_code,
        rate,
        valid_from,
        valid_to

    from chosen

    union all

    select
        reporting_currency,
        cast(1 as decimal(20, 12)),
        date '0001-01-01',
        date '9999-12-31'

    from settings

)

select * from rates
