#include "arrow_failure.hpp"

#include <initializer_list>

int fail_with(store_error *error, const arrow::Status &status) {
    std::string text = status.message();
    auto says = [&](std::initializer_list<const char *> words) {
        for (const char *word : words)
            if (text.find(word) != std::string::npos) return true;
        return false;
    };
    store_failure failure = STORE_FAILED;
    // Amazon's, Google's and Azure's words; what is more special comes later.
    if (says({"NETWORK_CONNECTION", "curlCode: 7", "curlCode: 6,", "UNAVAILABLE", "CURL error [6]",
              "CURL error [7]", "Fail to get a new connection", "Could not resolve host",
              "Couldn't connect"}))
        failure = STORE_UNREACHABLE;
    if (says({"REQUEST_TIMEOUT", "curlCode: 28", "DEADLINE_EXCEEDED", "CURL error [28]"}))
        failure = STORE_TIMEOUT;
    if (says({"curlCode: 60", "curlCode: 35", "CURL error [60]", "CURL error [35]"})) failure = STORE_TLS;
    if (says({"NOT_FOUND", "NotFound]", "Path does not exist", "No such file"})) failure = STORE_NOT_FOUND;
    if (says({"PERMISSION_DENIED", "UNAUTHENTICATED", "AuthenticationFailed", "AuthorizationFailure",
              "AuthorizationPermissionMismatch", "NoAuthenticationInformation", "PublicAccessNotPermitted",
              "InvalidAuthenticationInfo", "KeyBasedAuthenticationNotPermitted"}))
        failure = STORE_DENIED;
    if (says({"OAuth2 access token", "Cannot open credentials file", "Failed to get token",
              "DefaultAzureCredential", "ChainedTokenCredential", "ManagedIdentityCredential"}))
        failure = STORE_NO_CREDENTIALS;
    return fail(error, failure, text);
}
