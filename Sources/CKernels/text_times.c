#include "text_number.h"
#include "text_tokens.h"

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms").
static int64_t days_from_civil(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int days_in_month(int64_t year, int month) {
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month] + (month == 2 && leap);
}

static int is_blank(uint8_t byte) { return byte <= ' ' || byte == 0x7F; }

static void trim(const uint8_t **p, size_t *n) {
    while (*n && is_blank(**p)) {
        (*p)++;
        (*n)--;
    }
    while (*n && is_blank((*p)[*n - 1]))
        (*n)--;
}

/// Reads `yyyy-MM-dd` at `p`, of which 16 bytes are readable; 0 when it is none.
static inline int read_plain_date(const uint8_t *p, int64_t *days) {
    uint64_t head = load_word(p);
    uint64_t tail = load_word(p + 2);
    // yyyy-MM- and yy-MM-dd: the dashes first, then the digits that the two words hold.
    if ((head & 0xFF0000FF00000000u) != 0x2D00002D00000000u)
        return 0;
    uint64_t digits = (head & 0x00FFFF00FFFFFFFFu) ^ 0x0030300030303030u;
    uint64_t ends = (tail >> 48) ^ 0x3030u;
    if (!all_digits(digits) || !all_digits(ends))
        return 0;
    int year = (int)((digits & 0xF) * 1000 + ((digits >> 8) & 0xF) * 100 + ((digits >> 16) & 0xF) * 10 +
                     ((digits >> 24) & 0xF));
    int month = (int)(((digits >> 40) & 0xF) * 10 + ((digits >> 48) & 0xF));
    int day = (int)((ends & 0xF) * 10 + ((ends >> 8) & 0xF));
    static const uint16_t before[13] = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    if (month < 1 || month > 12 || day < 1)
        return 0;
    if (day > 28 && day > days_in_month(year, month))
        return 0;
    // Leap days from year -400 up to this year, which counts from March on; 96 more than those from year 0.
    int shifted = year + 400 - (month <= 2);
    int leaps = shifted / 4 - shifted / 100 + shifted / 400 - 96;
    *days = (int64_t)year * 365 + leaps + before[month] + day - 1 - 719528;
    return 1;
}

/// Reads up to `limit` digits; returns how many there are.
static size_t read_digits(const uint8_t *p, size_t n, size_t limit, int64_t *value) {
    size_t i = 0;
    int64_t total = 0;
    while (i < n && i < limit && p[i] >= '0' && p[i] <= '9')
        total = total * 10 + (p[i++] - '0');
    *value = total;
    return i;
}

/// Reads `[±]y{4,7}[-M[M][-d[d]]]` and moves past it; 0 when it is none.
static int read_date(const uint8_t **p, size_t *n, int64_t *days) {
    const uint8_t *at = *p;
    size_t left = *n;
    int negative = 0;
    int64_t parts[3] = {1, 1, 1};
    if (left && (*at == '-' || *at == '+')) {
        negative = *at == '-';
        at++;
        left--;
    }
    for (int part = 0; part < 3; part++) {
        size_t got = read_digits(at, left, 8, &parts[part]);
        if (part == 0 ? got < 4 || got > 7 : got < 1 || got > 2)
            return 0;
        at += got;
        left -= got;
        if (part == 2 || !left || *at != '-')
            break;
        at++;
        left--;
    }
    int64_t year = negative ? -parts[0] : parts[0];
    if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > days_in_month(year, (int)parts[1]))
        return 0;
    *days = days_from_civil(year, (int)parts[1], (int)parts[2]);
    *p = at;
    *n = left;
    return 1;
}

int text_parse_date(const uint8_t *p, size_t n, int32_t *out) {
    int64_t days;
    if (n == 10 && read_plain_date(p, &days)) {
        *out = (int32_t)days;
        return 1;
    }
    trim(&p, &n);
    if (!read_date(&p, &n, &days))
        return 0;
    // What follows a full date after a blank or a T is not looked at.
    if (n && *p != ' ' && *p != 'T')
        return 0;
    if (days < INT32_MIN || days > INT32_MAX)
        return 0;
    *out = (int32_t)days;
    return 1;
}

/// Reads `h[h]:m[m][:s[s][.f…]]` and moves past it; 0 when it is none, 1 without seconds, 2 with them.
static int read_time(const uint8_t **p, size_t *n, int64_t *microseconds) {
    int found = 1;
    const uint8_t *at = *p;
    size_t left = *n;
    int64_t parts[3] = {0, 0, 0}, fraction = 0;
    for (int part = 0; part < 3; part++) {
        size_t got = read_digits(at, left, 3, &parts[part]);
        if (got < 1 || got > 2)
            return 0;
        at += got;
        left -= got;
        if (part == 2)
            found = 2;
        if (part == 2 || !left || *at != ':') {
            if (part == 0)
                return 0;
            break;
        }
        at++;
        left--;
    }
    if (left && *at == '.') {
        at++;
        left--;
        int64_t unit = 100000;
        while (left && *at >= '0' && *at <= '9') {
            fraction += (*at++ - '0') * unit;
            unit /= 10;
            left--;
        }
    }
    if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59)
        return 0;
    *microseconds = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000000 + fraction;
    *p = at;
    *n = left;
    return found;
}

/// Reads `Z`, `UTC`, `GMT` or `±h[h][:m[m]]`, `±hhmm`; 0 when it is none.
static int read_offset(const uint8_t *p, size_t n, int64_t *seconds) {
    trim(&p, &n);
    *seconds = 0;
    if (n == 1 && *p == 'Z')
        return 1;
    if (n >= 3 && (memcmp(p, "UTC", 3) == 0 || memcmp(p, "GMT", 3) == 0)) {
        p += 3;
        n -= 3;
        if (!n)
            return 1;
    }
    if (n < 2 || (*p != '+' && *p != '-'))
        return 0;
    int sign = *p == '-' ? -1 : 1;
    int64_t hours, minutes = 0;
    p++;
    n--;
    size_t got = read_digits(p, n, 2, &hours);
    if (!got)
        return 0;
    p += got;
    n -= got;
    if (n && *p == ':') {
        p++;
        n--;
    } else if (n && n != 2) {
        return 0;
    }
    got = read_digits(p, n, 2, &minutes);
    if (got != n || hours > 18 || minutes > 59)
        return 0;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return 1;
}

int text_parse_timestamp(const uint8_t *p, size_t n, int64_t *out, uint8_t *zoned) {
    int64_t days, time = 0, offset = 0;
    trim(&p, &n);
    *zoned = 0;
    if (!read_date(&p, &n, &days))
        return 0;
    if (n) {
        if (*p != ' ' && *p != 'T')
            return 0;
        p++;
        n--;
        int found = read_time(&p, &n, &time);
        if (!found)
            return 0;
        if (n) {
            // As in Spark, a zone stands behind seconds only.
            if (found == 1 || !read_offset(p, n, &offset))
                return 0;
            *zoned = 1;
        }
    }
    if (days > 106751990 || days < -106751990)
        return 0;
    *out = days * 86400000000 + time - offset * 1000000;
    return 1;
}

/// Takes the quotes off a JSON string; 0 when the token is none.
static inline int unquote(const uint8_t **p, size_t *n) {
    if (*n < 2 || **p != '"')
        return 0;
    (*p)++;
    *n -= 2;
    return 1;
}

size_t text_parse_dates(const text_tokens *tokens, int json, int32_t *out) {
    FOR_TOKENS(((!json || unquote(&p, &n)) && text_parse_date(p, n, &out[i])), out[i] = 0);
}

/// Reads a JSON number without fraction as seconds since 1970.
static int read_seconds(const uint8_t *p, size_t n, int64_t *out, uint8_t *zoned) {
    int64_t value;
    int negative = n && *p == '-';
    size_t got = read_digits(p + negative, n - (size_t)negative, 13, &value);
    *zoned = 1;
    *out = (negative ? -value : value) * 1000000;
    return got > 0 && got + (size_t)negative == n;
}

static inline int read_json_timestamp(const uint8_t *p, size_t n, int64_t *out, uint8_t *zoned) {
    if (unquote(&p, &n))
        return text_parse_timestamp(p, n, out, zoned);
    return read_seconds(p, n, out, zoned);
}

size_t text_parse_timestamps(const text_tokens *tokens, int json, int64_t *out, uint8_t *zoned) {
    FOR_TOKENS((json ? read_json_timestamp(p, n, &out[i], &zoned[i])
                     : text_parse_timestamp(p, n, &out[i], &zoned[i])),
               (out[i] = 0, zoned[i] = 1));
}
