package org.hearth.server.services.previews;

import java.lang.System.Logger.Level;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.KeptAnswers;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.services.media.MediaQueries;
import org.hearth.server.services.media.MediaStore;
import org.hearth.server.services.media.thumbnail.ThumbnailService;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.hearth.server.upkeep.Upkeep;

/// What pages of the web say of themselves, for clients that show it beside a link. Where the owner
/// has not switched it on, there is no such endpoint: whoever writes a link would make this server
/// ask an address of theirs.
///
/// **thread**: any; who asks waits for the page.
///
/// **source**:
/// [preview_url](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediapreview_url)
public final class Previews implements ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "Previews";

  private static final System.Logger LOG = System.getLogger(Previews.class.getName());

  /// As long a preview is good.
  static final Duration LIFE = Duration.ofDays(1);

  private static final Duration LIFE_OF_FAILURES = Duration.ofMinutes(5);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(10);
  private static final long MOST_BYTES_OF_ANSWERS = 2 << 20;

  /// Each page is in memory while it is read.
  private static final int AT_ONCE = 8;

  private final boolean enabled;
  private final PreviewRows rows;
  private final MediaStore media;
  private final PreviewMaker maker;
  private final InstantSource clock;
  private final Upkeep upkeep = new Upkeep("previews");
  private final KeptAnswers<URI, PreviewMaker.Made> answers =
      new KeptAnswers<>(
          "previews",
          new KeptAnswers.Bounds(MOST_BYTES_OF_ANSWERS, AT_ONCE),
          Previews::size,
          made -> made instanceof PreviewMaker.There ? Duration.ofSeconds(1) : LIFE_OF_FAILURES);

  /// What it stands on.
  public record Needs(
      Store store,
      ServerName server,
      MediaStore media,
      Outbound outbound,
      SecureRandom random,
      InstantSource clock) {}

  /// @param enabled whether the owner has switched it on
  public Previews(Needs needs, boolean enabled) {
    this(needs, enabled, PreviewRows.MOST);
  }

  Previews(Needs needs, boolean enabled, int most) {
    this.enabled = enabled;
    this.rows = new PreviewRows(needs.store, most);
    this.media = needs.media;
    this.clock = needs.clock;
    this.maker =
        new PreviewMaker(
            needs.server,
            needs.media,
            new Fetch(needs.outbound),
            needs.random,
            needs.clock,
            upkeep);
  }

  private static int size(PreviewMaker.Made made) {
    return switch (made) {
      case PreviewMaker.There _ -> PreviewRows.MOST_BYTES;
      case PreviewMaker.Unreachable(String why) -> Character.BYTES * why.length();
    };
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Looks of links";
  }

  @Override
  public List<String> asks() {
    return List.of(MediaQueries.BOX, ThumbnailService.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(MediaQueries.BOX);
  }

  @Override
  public List<Table> tables() {
    return List.of(PreviewRows.TABLE);
  }

  @Override
  public void start() {
    upkeep.every(
        HOUR,
        HOUR,
        "old previews could not be removed",
        () -> rows.removeBefore(clock.instant().minus(LIFE)));
  }

  @Override
  public void stop() throws InterruptedException {
    if (!upkeep.end(PATIENCE_AT_END)) {
      LOG.log(Level.WARNING, "old previews are still being removed");
    }
  }

  @Override
  public void register(Routes routes) {
    if (enabled) {
      routes.add(
          HttpMethod.GET,
          List.of(
              ClientPaths.v1("/media/preview_url"),
              "/_matrix/media/v3/preview_url",
              "/_matrix/media/r0/preview_url"),
          Access.USER,
          RateClass.DEFAULT,
          this::get);
    }
  }

  private Response get(Request request) throws InterruptedException {
    String url = request.requiredQuery("url");
    // "The server may return a newer version if it does not have the requested version available."
    var _ = request.queryLong("ts", Long.MIN_VALUE, Long.MAX_VALUE);
    URI uri =
        PageAddress.read(url)
            .orElseThrow(
                () -> MatrixException.invalidParam("The url is not the address of a page"));
    String key = PreviewRows.key(uri.toString());
    Optional<Preview> kept = rows.preview(key).filter(this::isGood);
    if (kept.isPresent()) {
      return Response.json(kept.get().properties());
    }
    if (answers.known(uri).isEmpty()) {
      request.charge(RateClass.SEARCH, request.asker());
    }
    PreviewMaker.Made made =
        answers
            .get(uri, request.asker(), () -> make(uri, key), PATIENCE)
            .orElseThrow(() -> MatrixException.limitExceeded(Duration.ofSeconds(5)));
    return switch (made) {
      case PreviewMaker.There(Preview preview) -> Response.json(preview.properties());
      // Why is not told: it would say what there is in this server's own network.
      case PreviewMaker.Unreachable _ ->
          throw new MatrixException(502, Errcode.UNKNOWN, "The page could not be fetched");
    };
  }

  /// Whether it is new enough, and its picture still here.
  private boolean isGood(Preview preview) {
    Instant now = clock.instant();
    return now.isBefore(preview.fetched().plus(LIFE))
        && preview.picture().map(each -> media.remote(each).isPresent()).orElse(true);
  }

  private PreviewMaker.Made make(URI uri, String key) throws InterruptedException {
    Optional<Preview> kept = rows.preview(key).filter(this::isGood);
    if (kept.isPresent()) {
      return new PreviewMaker.There(kept.get());
    }
    PreviewMaker.Made made = maker.make(uri);
    switch (made) {
      case PreviewMaker.There(Preview preview) -> rows.keep(key, preview);
      case PreviewMaker.Unreachable(String why) ->
          LOG.log(Level.DEBUG, "{0} has no preview: {1}", uri.getHost(), why);
    }
    return made;
  }
}
