package org.hearth.server.services.previews;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.services.media.Incoming;
import org.hearth.server.services.media.MediaStore;
import org.hearth.server.services.media.RemoteMedia;
import org.hearth.server.services.media.StoredFile;
import org.hearth.server.services.media.thumbnail.PictureFacts;
import org.hearth.server.upkeep.Upkeep;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.parser.Parser;
import org.jspecify.annotations.Nullable;

/// Makes previews: gets a page, reads what it says of itself, and keeps its picture.
///
/// **thread**: any; pages are parsed by one thread, one at a time: that keeps a processor busy and
/// takes memory, and is not for those that the virtual threads of requests run on.
final class PreviewMaker {
  private static final System.Logger LOG = System.getLogger(PreviewMaker.class.getName());
  private static final Set<String> PAGES = Set.of("text/html", "application/xhtml+xml");
  private static final Pattern CHARSET =
      Pattern.compile("charset\\s*=\\s*\"?([A-Za-z0-9_:.+-]{1,40})", Pattern.CASE_INSENSITIVE);

  /// A page that is nested deeper is none that people wrote.
  private static final int MOST_DEPTH = 100;

  private static final int ID_BYTES = 12;

  private final ServerName server;
  private final MediaStore media;
  private final Fetch fetch;
  private final SecureRandom random;
  private final InstantSource clock;
  private final Upkeep parser;

  /// @param parser whose thread parses pages
  PreviewMaker(
      ServerName server,
      MediaStore media,
      Fetch fetch,
      SecureRandom random,
      InstantSource clock,
      Upkeep parser) {
    this.parser = parser;
    this.server = server;
    this.media = media;
    this.fetch = fetch;
    this.random = random;
    this.clock = clock;
  }

  /// What came of it.
  sealed interface Made {}

  /// There is one; it may have nothing in it.
  record There(Preview preview) implements Made {}

  /// The page could not be had.
  record Unreachable(String why) implements Made {}

  Made make(URI uri) throws InterruptedException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    Fetch.Result result =
        fetch.page(uri, body, type -> PAGES.contains(type) || type.startsWith("image/"));
    return switch (result) {
      case Fetch.Nothing(String why) -> new Unreachable(why);
      case Fetch.Found(URI found, String type)
          when type.toLowerCase(Locale.ROOT).strip().startsWith("image/") ->
          there(ofPicture(found));
      case Fetch.Found(URI found, String type) -> ofPage(found, type, body.toByteArray());
    };
  }

  private There there(ObjectNode properties) {
    return new There(new Preview(properties, clock.instant()));
  }

  private Made ofPage(URI uri, String contentType, byte[] body) throws InterruptedException {
    PageFacts facts;
    try {
      facts = parser.ask(() -> PageFacts.of(parsed(uri, contentType, body))).get();
    } catch (ExecutionException e) {
      // It is remembered like other failures, so that one page does not keep the parser busy.
      LOG.log(Level.WARNING, "A page of " + uri.getHost() + " could not be read", e.getCause());
      return new Unreachable("it could not be read");
    }
    ObjectNode properties = JsonNodeFactory.instance.objectNode();
    facts.properties().forEach(properties::put);
    addPicture(properties, uri, facts.pictures());
    return there(properties);
  }

  private static Document parsed(URI uri, String contentType, byte[] body) {
    Parser parser = Parser.htmlParser().setMaxDepth(MOST_DEPTH);
    try {
      return Jsoup.parse(
          new ByteArrayInputStream(body), charset(contentType), uri.toString(), parser);
    } catch (IOException e) {
      throw new UncheckedIOException("bytes in memory cannot be read", e);
    }
  }

  /// What the header says goes before what the page says; null if it says nothing that is known.
  private static @Nullable String charset(String contentType) {
    Matcher matcher = CHARSET.matcher(contentType);
    try {
      return matcher.find() ? Charset.forName(matcher.group(1)).name() : null;
    } catch (IllegalCharsetNameException | UnsupportedCharsetException _) {
      return null;
    }
  }

  /// The address leads to a picture.
  private ObjectNode ofPicture(URI uri) throws InterruptedException {
    ObjectNode properties = JsonNodeFactory.instance.objectNode();
    String path = String.valueOf(uri.getPath());
    String name = PageFacts.shown(path.substring(path.lastIndexOf('/') + 1), 255);
    if (!name.isEmpty()) {
      properties.put("og:title", name);
    }
    addPicture(properties, uri, List.of(uri.toString()));
    return properties;
  }

  /// The first that is a picture.
  private void addPicture(ObjectNode properties, URI page, List<String> addresses)
      throws InterruptedException {
    for (String each : addresses) {
      Optional<URI> uri = PageAddress.read(page, each);
      if (uri.isPresent() && addPicture(properties, uri.get())) {
        return;
      }
    }
  }

  private boolean addPicture(ObjectNode properties, URI uri) throws InterruptedException {
    try (Incoming incoming = media.receive(Fetch.MOST_BYTES_OF_PICTURE, 0)) {
      Beginning beginning = new Beginning(incoming, PictureFacts.FIRST_BYTES);
      return fetch.picture(uri, beginning) instanceof Fetch.Found
          && add(properties, incoming, PictureFacts.contentType(beginning.first()));
    } catch (MatrixException _) {
      // There is no room for it: the preview does without.
      return false;
    }
  }

  /// "`og:image`: An `mxc://` URI to the image."
  private boolean add(ObjectNode properties, Incoming incoming, Optional<String> contentType) {
    if (contentType.isEmpty()) {
      return false;
    }
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    MxcUri address = MxcUri.create(server, MediaStore.FROM_PAGES + HexFormat.of().formatHex(id));
    RemoteMedia kept = media.keepRemote(address, incoming, contentType.get(), Optional.empty());
    Optional<PictureFacts> facts = facts(kept);
    if (facts.isEmpty() || kept.file().quarantined()) {
      media.removeRemote(List.of(kept));
      return false;
    }
    properties.put(Preview.IMAGE, address.value());
    properties.put("og:image:type", facts.get().contentType());
    properties.put("og:image:width", facts.get().width());
    properties.put("og:image:height", facts.get().height());
    // "The byte-size of the image."
    properties.put("matrix:image:size", kept.file().lengthBytes());
    return true;
  }

  private Optional<PictureFacts> facts(RemoteMedia kept) {
    try (StoredFile file = media.open(kept.file())) {
      return PictureFacts.of(file.path());
    } catch (IOException e) {
      throw new UncheckedIOException("a picture cannot be read", e);
    }
  }
}
