// Gives Swift OpenSSL 3; the functions below stand for macros that Swift cannot import.
#ifndef MILLRACE_COPENSSL_SHIM_H
#define MILLRACE_COPENSSL_SHIM_H

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline int openssl_require_tls13(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)
        && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
}

static inline void openssl_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static inline int openssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int openssl_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

static inline const GENERAL_NAME *openssl_name_at(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

// Points `text` at the DNS or URI name, or at the 4 or 16 bytes of an address, and returns its length; -1 for
// other kinds.
static inline int openssl_name_text(const GENERAL_NAME *name, int *is_address, const unsigned char **text) {
    const ASN1_STRING *value = 0;
    *is_address = 0;
    switch (name->type) {
    case GEN_DNS: value = name->d.dNSName; break;
    case GEN_URI: value = name->d.uniformResourceIdentifier; break;
    case GEN_IPADD: value = name->d.iPAddress; *is_address = 1; break;
    default: return -1;
    }
    *text = ASN1_STRING_get0_data(value);
    return ASN1_STRING_length(value);
}

#endif
