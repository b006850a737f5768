select
    company,
    reporting_currency,
    reporting_timezone,
    cast(fiscal_year_start_month as integer) as fiscal_year_start_month,
    as_of
from {{ source('plumbline', 'settings') }}
