package org.hearth.server.services.media.federation;

import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.KeptAnswers;
import org.hearth.server.outbound.Limits;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundRequest;
import org.hearth.server.outbound.Outcome;
import org.hearth.server.outbound.Response;
import org.hearth.server.outbound.SharedPlaces;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.services.media.Incoming;
import org.hearth.server.services.media.MediaElsewhere;
import org.hearth.server.services.media.MediaStore;
import org.hearth.server.services.media.RemoteMedia;

/// Fetches media from other servers: to the disk, once for all who ask, within bounds of size and
/// time. It goes on when those who asked do not wait any longer.
///
/// **thread**: any; each fetch has a virtual thread of its own.
///
/// **source**: [Content
/// Repository](https://spec.matrix.org/v1.19/server-server-api/#content-repository)
public final class Fetching implements MediaElsewhere {
  /// Of all servers, and a quarter of that for one user.
  private static final int AT_ONCE = 32;

  /// Of these from the servers of one site, of whose names the owner may have as many as they like:
  /// so a slow one leaves half for the others.
  private static final int AT_ONCE_A_SITE = 16;

  /// Of these for one user: fewer than a user has, and than a site has. So a slow site leaves
  /// everybody some for the others, and one user leaves others some of the site's.
  private static final int AT_ONCE_A_SITE_AND_USER = 6;

  private static final long MOST_BYTES_OF_ANSWERS = 1 << 20;

  /// All together, from the first byte to the last.
  private static final Duration WHOLE = Duration.ofMinutes(3);

  /// After a server has begun to answer, so long somebody waits for the rest.
  private static final Duration PATIENCE_FOR_BYTES = Duration.ofSeconds(45);

  private static final Duration MOST_PATIENCE_OF_SERVER = Duration.ofSeconds(20);

  /// What stands around the bytes of a multipart answer.
  private static final int AROUND_BYTES = 128 << 10;

  private static final int MOST_REDIRECTS = 3;
  private static final int HEADER_BYTES = 32 << 10;
  private static final System.Logger LOG = System.getLogger(Fetching.class.getName());

  private final ServerName here;
  private final MediaStore media;
  private final FederationClient client;
  private final Outbound outbound;
  private final KeptAnswers<MxcUri, Fetched> answers =
      new KeptAnswers<>(
          "media of others",
          new KeptAnswers.Bounds(MOST_BYTES_OF_ANSWERS, AT_ONCE),
          _ -> 200,
          Fetched::life);

  /// @param outbound the way to where servers redirect to
  public Fetching(ServerName here, MediaStore media, FederationClient client, Outbound outbound) {
    this.here = here;
    this.media = media;
    this.client = client;
    this.outbound = outbound;
  }

  @Override
  public RemoteMedia get(MxcUri uri, Request request, Duration patience)
      throws InterruptedException {
    Optional<RemoteMedia> kept = media.remote(uri);
    if (kept.isPresent()) {
      return kept.get();
    }
    if (uri.server().equals(here)) {
      throw MatrixException.notFound("There is no such media");
    }
    if (answers.known(uri).isEmpty()) {
      request.charge(RateClass.REMOTE_MEDIA, request.asker());
    }
    return answers
        .get(
            uri,
            request.asker(),
            // A page full of pictures comes one after the other, as long as the client waits.
            new KeptAnswers.Turn(shares(uri, request), patience),
            () -> fetch(uri, patience),
            patience.plus(PATIENCE_FOR_BYTES))
        .orElseThrow(() ->
            new MatrixException(
                Errcode.NOT_YET_UPLOADED, "Content is on its way from the other server"))
        .media();
  }

  /// Names of their own: who asks may be an address, too.
  private static List<SharedPlaces.Share> shares(MxcUri uri, Request request) {
    String site = "site " + uri.server().site();
    return List.of(
        new SharedPlaces.Share(site, AT_ONCE_A_SITE),
        new SharedPlaces.Share(site + " for " + request.asker(), AT_ONCE_A_SITE_AND_USER));
  }

  private Fetched fetch(MxcUri uri, Duration patience) throws InterruptedException {
    Optional<RemoteMedia> kept = media.remote(uri);
    if (kept.isPresent()) {
      return new Fetched.Here(kept.get());
    }
    Fetched fetched;
    try (Incoming incoming = media.receive(most(), 0)) {
      fetched = fetch(uri, patience, incoming);
    } catch (MatrixException e) {
      fetched = refused(e);
    }
    if (fetched instanceof Fetched.Failed(String why)) {
      LOG.log(Level.INFO, "{0} could not be fetched: {1}", uri.value(), why);
    }
    return fetched;
  }

  /// As much as somebody may upload here.
  private long most() {
    return Math.min(media.options().mostUploadBytes(), Integer.MAX_VALUE - AROUND_BYTES - 1);
  }

  private Limits limits(Duration patience) {
    return new Limits(
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        patience.plusSeconds(10),
        WHOLE,
        HEADER_BYTES,
        (int) most() + AROUND_BYTES);
  }

  /// "Servers MUST try the endpoints described below before falling back to the deprecated
  /// `/_matrix/media/*` endpoints when they receive a `404 M_UNRECOGNIZED` error."
  private Fetched fetch(MxcUri uri, Duration patience, Incoming incoming)
      throws InterruptedException {
    Duration ofServer =
        patience.compareTo(MOST_PATIENCE_OF_SERVER) < 0 ? patience : MOST_PATIENCE_OF_SERVER;
    long millis = ofServer.toMillis();
    MediaAnswer answer = new MediaAnswer(incoming, true);
    FederationReply reply =
        client.send(
            request(
                uri,
                "/_matrix/federation/v1/media/download/%s?timeout_ms=%d"
                    .formatted(uri.mediaId(), millis),
                ofServer),
            answer);
    if (reply instanceof FederationReply.Refused(int status, String errcode, _, _, _)
        && status == 404
        && errcode.equals(Errcode.UNRECOGNIZED.code())) {
      answer = new MediaAnswer(incoming, false);
      // "When falling back, servers MUST be sure to set `allow_remote` to `false`."
      reply =
          client.send(
              request(
                  uri,
                  "/_matrix/media/v3/download/%s/%s?allow_remote=false&timeout_ms=%d"
                      .formatted(uri.server().value(), uri.mediaId(), millis),
                  ofServer),
              answer);
    }
    return switch (reply) {
      case FederationReply.Answer _ -> taken(uri, answer.outcome(), incoming, 0);
      case FederationReply.Refused refusal -> refused(refusal);
      case FederationReply.NotReached(Failure.TooLarge _) -> new Fetched.TooLarge();
      case FederationReply.NotAllowed _ -> new Fetched.Nothing();
      case FederationReply.NotReached _,
          FederationReply.LeftAlone _,
          FederationReply.Unintelligible _ ->
          new Fetched.Failed(reply.words());
    };
  }

  private FederationRequest request(MxcUri uri, String target, Duration patience) {
    return new FederationRequest(
        uri.server(), "GET", target, Optional.empty(), limits(patience), false);
  }

  private static Fetched refused(FederationReply.Refused refusal) {
    if (refusal.errcode().equals(Errcode.NOT_YET_UPLOADED.code())) {
      return new Fetched.NotYet();
    }
    if (refusal.errcode().equals(Errcode.TOO_LARGE.code())) {
      return new Fetched.TooLarge();
    }
    return refusal.status() == 404 ? new Fetched.Nothing() : new Fetched.Failed(refusal.words());
  }

  private static Fetched refused(MatrixException why) {
    return why.is(Errcode.TOO_LARGE) ? new Fetched.TooLarge() : new Fetched.Refused(why);
  }

  private Fetched taken(MxcUri uri, MediaAnswer.Outcome outcome, Incoming incoming, int redirects)
      throws InterruptedException {
    return switch (outcome) {
      case MediaAnswer.Taken(String type, Optional<String> fileName) ->
          new Fetched.Here(media.keepRemote(uri, incoming, type, fileName));
      case MediaAnswer.Elsewhere(URI location) -> follow(uri, location, incoming, redirects);
      case MediaAnswer.Refused(MatrixException why) -> refused(why);
      case MediaAnswer.Unusable(String why) -> new Fetched.Failed(why);
    };
  }

  /// "a `Location` header to redirect the caller to where the media can be retrieved."
  ///
  /// Whoever is there is a stranger: nothing is signed, and the address is checked like all others.
  /// Only a server that the owner allows itself leads to hosts that the owner allows.
  private Fetched follow(MxcUri uri, URI location, Incoming incoming, int redirects)
      throws InterruptedException {
    OutboundRequest next;
    try {
      next =
          OutboundRequest.get(location)
              .withLimits(limits(MOST_PATIENCE_OF_SERVER))
              .ofStranger(!outbound.isAllowed(URI.create("https://" + uri.server().value())));
    } catch (IllegalArgumentException e) {
      return new Fetched.Failed("it leads to an address that cannot be asked");
    }
    MediaAnswer answer = new MediaAnswer(incoming, false);
    Outcome outcome = outbound.send(next, answer);
    return switch (outcome) {
      case Failure.TooLarge _ -> new Fetched.TooLarge();
      case Failure failure -> new Fetched.Failed(failure.words());
      case Response response when response.status() / 100 == 2 ->
          taken(uri, answer.outcome(), incoming, redirects);
      case Response response when response.redirect().isPresent() && redirects < MOST_REDIRECTS ->
          follow(uri, response.redirect().get(), incoming, redirects + 1);
      case Response response ->
          new Fetched.Failed("where it leads to answers with status " + response.status());
    };
  }
}
