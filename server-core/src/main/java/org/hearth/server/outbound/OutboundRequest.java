package org.hearth.server.outbound;

import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// A request to another server.
///
/// @param method such as `GET`
/// @param uri an absolute address of `https` or `http`, sent as it is spelled, without its
///   fragment; its host has no underscores (RFC 1123)
/// @param headers name → value; those that frame the message are set by this package
/// @param body what is sent, or empty for none; not to be changed
/// @param plainAllowed whether `http` will do; a decision of the caller's, never of the address
/// @param limits what it may cost
/// @param endpoint where to connect to, if not to the address's own host and port; the `Host`
///   header and the certificate stay with the address
/// @param ofStranger whether a stranger has chosen the address: then hosts that the owner has
///   allowed ([OutboundOptions#allowedHosts]) are blocked as all others are
@SuppressWarnings("ArrayRecordComponent") // A copy of every body would be dear.
public record OutboundRequest(
    String method,
    URI uri,
    Map<String, String> headers,
    Optional<byte[]> body,
    boolean plainAllowed,
    Limits limits,
    Optional<Endpoint> endpoint,
    boolean ofStranger) {
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS");
  private static final Set<String> FRAMING =
      Set.of(
          "host",
          "connection",
          "content-length",
          "transfer-encoding",
          "te",
          "trailer",
          "upgrade",
          "expect",
          "accept-encoding",
          "keep-alive");
  private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
  private static final Pattern HEADER_VALUE = Pattern.compile("[\\t\\x20-\\x7e]*");
  private static final Pattern TARGET = Pattern.compile("[\\x21-\\x7e]*");
  private static final Set<String> OF_ONE_SERVER = Set.of("authorization", "cookie");

  /// Checks that it can be written as HTTP.
  ///
  /// @throws IllegalArgumentException if it cannot
  public OutboundRequest {
    Map<String, String> copy = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    copy.putAll(headers);
    headers = java.util.Collections.unmodifiableMap(copy);
    Objects.requireNonNull(limits);
    require(METHODS.contains(method), "a known method", method);
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    require(scheme.equals("https") || scheme.equals("http"), "https or http", scheme);
    require(uri.getHost() != null, "a host", String.valueOf(uri.getRawAuthority()));
    require(uri.getRawUserInfo() == null, "no user name or password", "one, in the address");
    require(uri.getPort() != 0 && uri.getPort() <= 0xffff, "a port", "" + uri.getPort());
    require(TARGET.matcher(target(uri)).matches(), "a target in ASCII", target(uri));
    headers.forEach((name, value) -> {
      require(HEADER_NAME.matcher(name).matches(), "a header name", name);
      require(!FRAMING.contains(name.toLowerCase(Locale.ROOT)), "a header to set", name);
      require(HEADER_VALUE.matcher(value).matches(), "a header value in one line", name);
    });
  }

  /// A request that connects to the host and port of its address.
  public OutboundRequest(
      String method,
      URI uri,
      Map<String, String> headers,
      Optional<byte[]> body,
      boolean plainAllowed,
      Limits limits) {
    this(method, uri, headers, body, plainAllowed, limits, Optional.empty(), false);
  }

  /// A GET over TLS with the ordinary limits.
  public static OutboundRequest get(URI uri) {
    return new OutboundRequest("GET", uri, Map.of(), Optional.empty(), false, Limits.defaults());
  }

  /// A POST over TLS with the ordinary limits.
  public static OutboundRequest post(URI uri, String contentType, byte[] body) {
    return new OutboundRequest(
        "POST",
        uri,
        Map.of("Content-Type", contentType),
        Optional.of(body),
        false,
        Limits.defaults());
  }

  public OutboundRequest withLimits(Limits other) {
    return new OutboundRequest(
        method, uri, headers, body, plainAllowed, other, endpoint, ofStranger);
  }

  public OutboundRequest withPlainAllowed() {
    return new OutboundRequest(method, uri, headers, body, true, limits, endpoint, ofStranger);
  }

  /// The same to an address that a stranger has chosen.
  public OutboundRequest ofStranger(boolean stranger) {
    return new OutboundRequest(
        method, uri, headers, body, plainAllowed, limits, endpoint, stranger);
  }

  /// The same, connecting to another host and port than those of its address.
  public OutboundRequest at(Endpoint other) {
    return new OutboundRequest(
        method, uri, headers, body, plainAllowed, limits, Optional.of(other), ofStranger);
  }

  /// The GET that follows a redirect. Credentials are left out when it leads to another server; a
  /// redirect from `https` never leads to plain text.
  ///
  /// @throws IllegalArgumentException if the address cannot be asked
  public OutboundRequest redirectedTo(URI other) {
    Map<String, String> kept = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    kept.putAll(headers);
    kept.keySet().removeIf(name -> name.toLowerCase(Locale.ROOT).startsWith("content-"));
    boolean plain = plainAllowed && !isTls();
    OutboundRequest next =
        new OutboundRequest("GET", other, kept, Optional.empty(), plain, limits)
            .ofStranger(ofStranger);
    if (next.destination().equals(destination())) {
      return next;
    }
    kept.keySet().removeIf(name -> OF_ONE_SERVER.contains(name.toLowerCase(Locale.ROOT)));
    return new OutboundRequest("GET", other, kept, Optional.empty(), plain, limits)
        .ofStranger(ofStranger);
  }

  boolean isTls() {
    return uri.getScheme().equalsIgnoreCase("https");
  }

  Destination destination() {
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    int port = uri.getPort();
    return new Destination(
        isTls(),
        host,
        endpoint.orElseGet(() -> new Endpoint(host, port > 0 ? port : isTls() ? 443 : 80)),
        ofStranger);
  }

  /// What the `Host` header says: host and port as the address spells them.
  String authority() {
    return uri.getRawAuthority();
  }

  String target() {
    return target(uri);
  }

  /// RFC 9110 §9.2.2: a request whose repetition does no more than the request itself.
  boolean isIdempotent() {
    return !method.equals("POST");
  }

  private static String target(URI uri) {
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
  }

  private static void require(boolean holds, String expected, String found) {
    if (!holds) {
      throw new IllegalArgumentException("expected " + expected + ", found " + found);
    }
  }
}
