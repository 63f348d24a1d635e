package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.hearth.server.http.connection.Connection;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.http.content.StreamedBody;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// A request as a handler sees it.
final class EdgeRequest implements Request {
  private final RateLimiter limiter;
  private final Authenticator authenticator;
  private final Connection connection;
  private final Route route;
  private final Map<String, String> parameters;
  private final String rawTarget;
  private final Query query;
  private final Function<String, Optional<String>> headers;
  private final InetAddress remoteAddress;
  private final Caller caller;
  private final Body body;

  /// Who calls.
  ///
  /// @param accessToken as it was shown
  /// @param requester a user
  /// @param origin another server
  record Caller(
      Optional<String> accessToken, @Nullable Requester requester, @Nullable ServerName origin) {}

  /// What is sent beside the head.
  ///
  /// @param parsed if it was read as JSON already
  /// @param streamed if the handler is to read it
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Body(byte[] bytes, @Nullable JsonNode parsed, @Nullable StreamedBody streamed) {}

  EdgeRequest(
      RateLimiter limiter,
      Authenticator authenticator,
      Connection connection,
      Router.Match.Found found,
      RequestHead head,
      Caller caller,
      Body body) {
    this.limiter = limiter;
    this.authenticator = authenticator;
    this.connection = connection;
    this.route = found.route();
    this.parameters = found.parameters();
    this.rawTarget = head.rawTarget();
    this.query = head.query();
    this.headers = head.headers();
    this.remoteAddress = head.remoteAddress();
    this.caller = caller;
    this.body = body;
  }

  @Override
  public HttpMethod method() {
    return route.method();
  }

  @Override
  public String template() {
    return route.template();
  }

  @Override
  public String rawTarget() {
    return rawTarget;
  }

  @Override
  public String path(String name) {
    String value = parameters.get(name);
    if (value == null) {
      throw new IllegalArgumentException("%s has no parameter %s".formatted(route, name));
    }
    return value;
  }

  @Override
  public Optional<String> query(String name) {
    return query.first(name);
  }

  @Override
  public List<String> queryAll(String name) {
    return query.all(name);
  }

  @Override
  public String requiredQuery(String name) {
    return query(name).orElseThrow(() -> MatrixException.missingParam(name));
  }

  @Override
  public Optional<Long> queryLong(String name, long least, long most) {
    Optional<String> text = query(name);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      long value = Long.parseLong(text.get());
      if (value >= least && value <= most) {
        return Optional.of(value);
      }
    } catch (NumberFormatException e) {
      // The same answer as for a number that is out of the range.
    }
    throw MatrixException.invalidParam(
        "%s must be a whole number from %d to %d".formatted(name, least, most));
  }

  @Override
  public boolean queryFlag(String name, boolean otherwise) {
    Optional<String> text = query(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    return switch (text.get()) {
      case "true" -> true;
      case "false" -> false;
      default -> throw MatrixException.invalidParam(name + " must be true or false");
    };
  }

  @Override
  public Optional<String> header(String name) {
    return headers.apply(name);
  }

  @Override
  public StreamedBody content() {
    StreamedBody streamed = body.streamed();
    if (streamed == null) {
      throw new IllegalStateException(route + " has its body read before it is called");
    }
    return streamed;
  }

  @Override
  public byte[] body() {
    return body.bytes();
  }

  @Override
  public ObjectNode json() {
    return body.parsed() instanceof ObjectNode object
        ? object
        : MatrixJson.parseObject(body.bytes());
  }

  @Override
  public ObjectNode jsonOrEmpty() {
    return body.bytes().length == 0 ? JsonNodeFactory.instance.objectNode() : json();
  }

  @Override
  public Optional<String> accessToken() {
    return caller.accessToken();
  }

  @Override
  public Requester requester() {
    Requester requester = caller.requester();
    if (requester == null) {
      throw new IllegalStateException(route + " does not demand a token");
    }
    return requester;
  }

  @Override
  public void authenticateAgain() {
    authenticator.checkAgain(requester());
  }

  @Override
  public Optional<Requester> optionalRequester() {
    return Optional.ofNullable(caller.requester());
  }

  @Override
  public ServerName origin() {
    ServerName origin = caller.origin();
    if (origin == null) {
      throw new IllegalStateException(route + " is not for servers");
    }
    return origin;
  }

  @Override
  public InetAddress remoteAddress() {
    return remoteAddress;
  }

  @Override
  public void charge(RateClass rate, String key) {
    limiter.charge(rate, key);
  }

  @Override
  public void refund(RateClass rate, String key) {
    limiter.refund(rate, key);
  }

  @Override
  public StopSignal stopping() {
    return connection.over();
  }
}
