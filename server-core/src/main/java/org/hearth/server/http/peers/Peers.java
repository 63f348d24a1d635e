package org.hearth.server.http.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.hearth.server.matrix.checks.FederationPolicy;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.SignedRequest;
import org.hearth.server.matrix.sign.VerifyKey;

/// Finds out which server has sent a request, and bounds what one of them has done at the same
/// time.
///
/// The signature is over the body, so it can be checked only when that is here. What happens before
/// costs no more than any stranger may cost: the header is read, and who has no business here is
/// refused; a key that memory does not have is asked for by few at a time.
///
/// **thread**: any. **source**: [Request Authentication][request].
///
/// [request]: https://spec.matrix.org/v1.19/server-server-api/#request-authentication
public final class Peers {
  /// Requests of one server that are answered at the same time.
  static final int MOST_OF_ONE = 4;

  /// Requests of one server that wait for their turn.
  static final int MOST_WAITING_OF_ONE = 50;

  /// The same of all servers of one site ([ServerName#site]), of whose names the owner may have as
  /// many as they like. Below some domains there are hundreds of servers, each of others, who all
  /// answer one event at the same time: so many may wait.
  static final int MOST_OF_SITE = 16;

  static final int MOST_WAITING_OF_SITE = 1_000;

  /// Requests for media have turns of their own: one lasts as long as an upload or a slow client
  /// lets its server wait, and no event is to wait for a picture. As many wait as of the others.
  static final int MOST_MEDIA_OF_ONE = 8;

  static final int MOST_MEDIA_OF_SITE = 32;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /// Signatures that one request may bear: a server changes its key now and then.
  static final int MOST_SIGNATURES = 4;

  /// Requests of which it is not known who sent them, and for whose keys others are asked; in all,
  /// and of one address. Fewer than the servers that are asked at once: whoever makes up names
  /// keeps nobody from the keys of events.
  static final int MOST_LOOKED_UP = 32;

  static final int MOST_LOOKED_UP_OF_ONE = 16;

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  /// Servers that have shown who they are, each with the address that it called from.
  private static final int MOST_SHOWN = 10_000;

  private static final Duration SHOWN_FOR = Duration.ofHours(1);

  private final ServerName here;
  private final FederationPolicy policy;
  private final PeerKeys keys;
  private final Consumer<ServerName> heard;
  private final Lanes turns = new Lanes(MOST_OF_ONE, MOST_OF_SITE);
  private final Lanes mediaTurns = new Lanes(MOST_MEDIA_OF_ONE, MOST_MEDIA_OF_SITE);
  private final Turns<String> lookups = new Turns<>(MOST_LOOKED_UP_OF_ONE, 0, Duration.ZERO);
  private final Semaphore allLookups = new Semaphore(MOST_LOOKED_UP);
  private final Cache<Shown, Boolean> shown =
      Caffeine.newBuilder().maximumSize(MOST_SHOWN).expireAfterWrite(SHOWN_FOR).build();

  private record Shown(ServerName server, String address) {}

  /// @param here the name of this server
  /// @param heard told of each server that has shown who it is; quick
  public Peers(
      ServerName here, FederationPolicy policy, PeerKeys keys, Consumer<ServerName> heard) {
    this.heard = heard;
    this.here = here;
    this.policy = policy;
    this.keys = keys;
  }

  /// No other server may say anything.
  public static Peers none() {
    return new Peers(
        new ServerName("localhost"), FederationPolicy.off(), (_, _) -> Optional.empty(), _ -> {});
  }

  /// Who a request says that it is from, which is not known to be true yet.
  public static final class Claim {
    private final List<XMatrix> signatures;

    private Claim(List<XMatrix> signatures) {
      this.signatures = signatures;
    }

    /// The server that says to have sent it.
    public ServerName origin() {
      return signatures.getFirst().origin();
    }
  }

  /// Reads who a request says that it is from.
  ///
  /// @param authorization the values of all headers of that name
  /// @throws MatrixException `M_UNRECOGNIZED` if this server talks with no other; `M_UNAUTHORIZED`
  ///   if the request does not say who sent it, or was sent to another server; `M_FORBIDDEN` if
  ///   this server does not talk with that one
  public Claim claim(List<String> authorization) {
    if (policy.isOff()) {
      throw MatrixException.unrecognized();
    }
    if (authorization.isEmpty()) {
      throw unauthorized("Missing Authorization header");
    }
    if (authorization.size() > MOST_SIGNATURES) {
      throw unauthorized("Too many Authorization headers");
    }
    List<XMatrix> signatures = new ArrayList<>();
    for (String header : authorization) {
      signatures.add(
          XMatrix.parse(header).orElseThrow(() -> unauthorized("Malformed Authorization header")));
    }
    Claim claim = new Claim(List.copyOf(signatures));
    if (signatures.stream().anyMatch(each -> !each.origin().equals(claim.origin()))) {
      throw unauthorized("A request has one origin");
    }
    // "If this property is included, but the value does not match the receiving server's name, the
    // receiving server must deny the request with an HTTP status code `401 Unauthorized`."
    if (signatures.stream()
        .flatMap(each -> each.destination().stream())
        .anyMatch(each -> !each.equals(here))) {
      throw unauthorized("The request is for another server");
    }
    if (claim.origin().equals(here)) {
      throw unauthorized("This server does not ask itself");
    }
    if (!policy.allows(claim.origin())) {
      throw MatrixException.forbidden("This server does not talk with yours");
    }
    return claim;
  }

  /// Checks that the server has signed the request: every signature whose key is to be had has to
  /// be right, and there has to be one.
  ///
  /// @param method as it was sent
  /// @param target path and query as they were sent
  /// @param content the body; empty if there was none
  /// @param address from which it came, as it is counted
  /// @throws MatrixException `M_UNAUTHORIZED` if it has not; `M_LIMIT_EXCEEDED` if its key is to be
  ///   asked for and too many wait for that
  public void verify(
      Claim claim, String method, String target, Optional<JsonNode> content, String address)
      throws InterruptedException {
    byte[] bytes = new SignedRequest(claim.origin(), here, method, target, content).bytes();
    boolean valid = false;
    for (XMatrix each : claim.signatures) {
      Optional<VerifyKey> key = key(claim.origin(), each.key(), address);
      if (key.isPresent() && !key.get().verify(bytes, each.signature())) {
        throw unauthorized("The signature by " + each.key() + " is wrong");
      }
      valid |= key.isPresent();
    }
    if (!valid) {
      throw unauthorized("No key that has signed the request can be found");
    }
    shown.put(new Shown(claim.origin(), address), true);
    heard.accept(claim.origin());
  }

  /// Whether that server has shown who it is from the same address, within [#SHOWN_FOR]. That says
  /// nothing of this request, but its sender is likely to be no stranger.
  ///
  /// @param address as it is counted
  public boolean isLikely(Claim claim, String address) {
    return shown.getIfPresent(new Shown(claim.origin(), address)) != null;
  }

  private Optional<VerifyKey> key(ServerName server, KeyId key, String address)
      throws InterruptedException {
    Optional<VerifyKey> known = keys.remembered(server, key);
    if (known.isPresent()) {
      return known;
    }
    try (Turn _ = lookups.take(address)) {
      if (!allLookups.tryAcquire()) {
        throw MatrixException.limitExceeded(RETRY_AFTER);
      }
      try {
        return keys.verifyKey(server, key);
      } finally {
        allLookups.release();
      }
    }
  }

  /// Waits until a request of that server may be answered.
  ///
  /// @return to be closed, once, when it is
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too many requests of it or its site wait, or for
  ///   too long
  public Turn awaitTurn(ServerName origin) throws InterruptedException {
    return turns.take(origin);
  }

  /// The same for media.
  public Turn awaitMediaTurn(ServerName origin) throws InterruptedException {
    return mediaTurns.take(origin);
  }

  /// The turns of servers and of their sites.
  private static final class Lanes {
    private final Turns<ServerName> ofOne;
    private final Turns<String> ofSite;

    Lanes(int mostOfOne, int mostOfSite) {
      ofOne = new Turns<>(mostOfOne, MOST_WAITING_OF_ONE, PATIENCE);
      ofSite = new Turns<>(mostOfSite, MOST_WAITING_OF_SITE, PATIENCE);
    }

    Turn take(ServerName origin) throws InterruptedException {
      // The server's own turn first: its requests do not wait in the site's line before each other.
      Turn own = ofOne.take(origin);
      boolean taken = false;
      try {
        Turn site = ofSite.take(origin.site());
        taken = true;
        return () -> {
          site.close();
          own.close();
        };
      } finally {
        if (!taken) {
          own.close();
        }
      }
    }
  }

  private static MatrixException unauthorized(String message) {
    return new MatrixException(Errcode.UNAUTHORIZED, message);
  }
}
