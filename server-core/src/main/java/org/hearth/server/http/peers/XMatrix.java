package org.hearth.server.http.peers;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.Signatures;

/// What an `Authorization` header of the scheme `X-Matrix` says.
///
/// **source**: [Request Authentication][request], RFC 9110, 11.4 and 5.6.
///
/// [request]: https://spec.matrix.org/v1.19/server-server-api/#request-authentication
///
/// @param origin the server that says to have sent the request
/// @param destination to which it was sent; older servers do not say
/// @param key by which it is signed
/// @param signature of the request, decoded
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record XMatrix(ServerName origin, Optional<ServerName> destination, KeyId key, byte[] signature) {
  private static final String SCHEME = "x-matrix";

  /// RFC 9110, 5.6.2, and the colon: "For compatibility with older servers, the recipient should
  /// allow colons to be included in values without requiring the value to be enclosed in quotes."
  private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~:";

  /// Reads the value of a header.
  ///
  /// @return empty if it is of another scheme, or malformed in any way
  static Optional<XMatrix> parse(String header) {
    // "the header begins with authorisation scheme `X-Matrix`, followed by one or more spaces"
    int end = SCHEME.length();
    if (header.length() <= end
        || !header.substring(0, end).toLowerCase(Locale.ROOT).equals(SCHEME)
        || header.charAt(end) != ' ') {
      return Optional.empty();
    }
    return new Parser(header, end).parameters().flatMap(XMatrix::of);
  }

  private static Optional<XMatrix> of(Map<String, String> parameters) {
    Optional<ServerName> origin =
        text(parameters, "origin").flatMap(each -> Identifiers.read(ServerName::parse, each));
    Optional<String> destinationText = text(parameters, "destination");
    Optional<ServerName> destination =
        destinationText.flatMap(each -> Identifiers.read(ServerName::parse, each));
    Optional<KeyId> key =
        text(parameters, "key")
            .flatMap(each -> Identifiers.read(KeyId::parse, each))
            .filter(each -> each.algorithm().equals(Signatures.ED25519));
    // The list of parameters calls it `signature`, the example and all servers `sig`.
    Optional<byte[]> signature =
        text(parameters, "sig")
            .or(() -> text(parameters, "signature"))
            .flatMap(UnpaddedBase64::decode);
    if (origin.isEmpty()
        || key.isEmpty()
        || signature.isEmpty()
        || destination.isPresent() != destinationText.isPresent()) {
      return Optional.empty();
    }
    return Optional.of(new XMatrix(origin.get(), destination, key.get(), signature.get()));
  }

  private static Optional<String> text(Map<String, String> parameters, String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /// Goes over a header once.
  private static final class Parser {
    private final String text;
    private int at;

    Parser(String text, int start) {
      this.text = text;
      this.at = start;
    }

    /// "a comma-separated list of parameters written as name=value pairs … The names are case
    /// insensitive and order does not matter … Unknown parameters are ignored."
    Optional<Map<String, String>> parameters() {
      Map<String, String> values = new HashMap<>();
      do {
        // "Zero or more spaces and tabs around each comma are allowed."
        skipBlanks();
        String name = token().toLowerCase(Locale.ROOT);
        if (name.isEmpty() || name.indexOf(':') >= 0 || !skip('=')) {
          return Optional.empty();
        }
        Optional<String> value =
            isAt('"') ? quoted() : Optional.of(token()).filter(each -> !each.isEmpty());
        if (value.isEmpty() || values.putIfAbsent(name, value.get()) != null) {
          return Optional.empty();
        }
        skipBlanks();
      } while (skip(','));
      return at == text.length() ? Optional.of(values) : Optional.empty();
    }

    private void skipBlanks() {
      while (isAt(' ') || isAt('\t')) {
        at++;
      }
    }

    private boolean isAt(char expected) {
      return at < text.length() && text.charAt(at) == expected;
    }

    private boolean skip(char expected) {
      if (!isAt(expected)) {
        return false;
      }
      at++;
      return true;
    }

    private String token() {
      int start = at;
      while (at < text.length() && isOfToken(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    private static boolean isOfToken(char each) {
      return (each >= 'a' && each <= 'z')
          || (each >= 'A' && each <= 'Z')
          || (each >= '0' && each <= '9')
          || TOKEN_MARKS.indexOf(each) >= 0;
    }

    /// "Quoted values may include backslash-escaped characters. … a backslash-character pair is
    /// replaced by the character that follows the backslash."
    private Optional<String> quoted() {
      StringBuilder value = new StringBuilder();
      at++;
      while (at < text.length()) {
        char each = text.charAt(at++);
        if (each == '"') {
          return Optional.of(value.toString());
        }
        if (each == '\\') {
          if (at == text.length()) {
            return Optional.empty();
          }
          each = text.charAt(at++);
        }
        if ((each < ' ' && each != '\t') || each >= 0x7F) {
          return Optional.empty();
        }
        value.append(each);
      }
      return Optional.empty();
    }
  }
}
