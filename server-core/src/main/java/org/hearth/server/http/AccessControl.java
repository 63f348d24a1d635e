package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.hearth.server.http.peers.Peers;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.jspecify.annotations.Nullable;

/// Finds out who calls, and refuses who may not.
///
/// Source: [Using access
/// tokens](https://spec.matrix.org/v1.19/client-server-api/#using-access-tokens).
final class AccessControl {
  private static final String SCHEME = "bearer ";

  private final Authenticator authenticator;
  private final RateLimiter limiter;
  private final boolean queryTokens;
  private final Peers peers;

  AccessControl(
      Authenticator authenticator, RateLimiter limiter, boolean queryTokens, Peers peers) {
    this.authenticator = authenticator;
    this.limiter = limiter;
    this.queryTokens = queryTokens;
    this.peers = peers;
  }

  /// Who calls, as far as the route asks.
  ///
  /// @throws MatrixException if the route may not be called so, or `M_LIMIT_EXCEEDED` if too many
  ///   unknown tokens came from the address
  Optional<Requester> requester(Access access, RequestHead head) {
    return switch (access) {
      case NONE, SERVER -> Optional.empty();
      case OPTIONAL_USER -> token(head).map(token -> identified(token, head));
      case USER_OR_GUEST -> Optional.of(authenticated(head));
      case USER -> {
        Requester requester = authenticated(head);
        if (requester.guest()) {
          throw new MatrixException(Errcode.GUEST_ACCESS_FORBIDDEN, "Guests may not do this");
        }
        yield Optional.of(requester);
      }
      case ADMIN -> {
        Requester requester = authenticated(head);
        if (!requester.admin()) {
          throw MatrixException.forbidden("Only administrators of this server may do this");
        }
        yield Optional.of(requester);
      }
    };
  }

  private Requester authenticated(RequestHead head) {
    return identified(token(head).orElseThrow(MatrixException::missingToken), head);
  }

  private Requester identified(String token, RequestHead head) {
    return authenticator
        .remembered(token)
        .orElseGet(() -> lookedUp(token, RateLimiter.key(head.remoteAddress())));
  }

  /// The address pays before the database is asked, and is paid back when the token is good, or
  /// nobody can say what it is. So only unknown tokens are limited, also those that come at the
  /// same time; others behind the same address, whose tokens are remembered, are not kept waiting.
  private Requester lookedUp(String token, String address) {
    limiter.charge(RateClass.UNKNOWN_TOKEN, address);
    boolean refused = false;
    try {
      return authenticator.authenticate(token);
    } catch (MatrixException e) {
      refused = true;
      throw e;
    } finally {
      if (!refused) {
        limiter.refund(RateClass.UNKNOWN_TOKEN, address);
      }
    }
  }

  /// Which server calls, as far as the head tells. The address pays until that is shown, so that
  /// only who claims to be another is limited.
  ///
  /// @throws MatrixException as [Peers#claim] does, or `M_LIMIT_EXCEEDED` if too much came from the
  ///   address that was not shown
  Peers.Claim claim(List<String> authorization, RequestHead head) {
    Peers.Claim claim = peers.claim(authorization);
    limiter.charge(RateClass.UNKNOWN_SERVER, RateLimiter.key(head.remoteAddress()));
    return claim;
  }

  /// The server that has signed a request.
  ///
  /// @param method as it was sent
  /// @param content the body; null if there was none
  /// @throws MatrixException as [Peers#verify] does
  ServerName origin(Peers.Claim claim, String method, RequestHead head, @Nullable JsonNode content)
      throws InterruptedException {
    String address = RateLimiter.key(head.remoteAddress());
    peers.verify(claim, method, head.rawTarget(), Optional.ofNullable(content), address);
    limiter.refund(RateClass.UNKNOWN_SERVER, address);
    return claim.origin();
  }

  /// The token that a request shows where tokens are accepted; not looked up.
  Optional<String> token(RequestHead head) {
    Optional<String> header = head.headers().apply("Authorization");
    Optional<String> token;
    if (header.isPresent()) {
      String value = header.get();
      token =
          value.toLowerCase(Locale.ROOT).startsWith(SCHEME)
              ? Optional.of(value.substring(SCHEME.length()).strip())
              : Optional.empty();
    } else {
      token = queryTokens ? head.query().first("access_token") : Optional.empty();
    }
    return token.filter(text -> !text.isEmpty());
  }
}
