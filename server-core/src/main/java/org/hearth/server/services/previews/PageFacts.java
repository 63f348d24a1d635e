package org.hearth.server.services.previews;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jspecify.annotations.Nullable;

/// What a page says of itself: by the Open Graph protocol, else as it does for Twitter, else by its
/// title and text.
///
/// **source**: [Open Graph protocol](https://ogp.me/)
///
/// @param properties such as `og:title` → text; nothing of pictures, sound and films
/// @param pictures addresses of pictures for it, the best first
record PageFacts(Map<String, String> properties, List<String> pictures) {
  static final int MOST_PROPERTIES = 12;
  static final int LONGEST_TEXT = 500;
  static final int LONGEST_ADDRESS = 2_048;

  private static final int LONGEST_SUMMARY = 300;
  private static final int MOST_ELEMENTS = 5_000;
  private static final int MOST_PICTURES = 3;
  private static final String OPEN_GRAPH = "og:";
  private static final String TITLE = "og:title";
  private static final String DESCRIPTION = "og:description";
  private static final String IMAGE = "og:image";

  /// Addresses of others' servers, which a client is not to be led to unseen.
  private static final List<String> LEFT_OUT = List.of(IMAGE, "og:video", "og:audio");

  private static final Set<String> PARAGRAPHS = Set.of("p", "h1", "h2", "h3", "li");

  PageFacts {
    properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    pictures = List.copyOf(pictures);
  }

  static PageFacts of(Document page) {
    Map<String, String> metas = metas(page);
    Map<String, String> properties = new LinkedHashMap<>();
    metas.forEach((name, text) -> {
      if (name.startsWith(OPEN_GRAPH)
          && properties.size() < MOST_PROPERTIES
          && LEFT_OUT.stream().noneMatch(name::startsWith)) {
        // A name that sounds like a picture's may have a longer one.
        properties.put(name, shown(text, LONGEST_TEXT));
      }
    });
    add(properties, TITLE, Optional.ofNullable(metas.get("twitter:title")));
    add(properties, TITLE, text(page.selectFirst("head > title, title"), LONGEST_TEXT));
    add(properties, TITLE, text(page.selectFirst("h1, h2, h3"), LONGEST_TEXT));
    add(properties, DESCRIPTION, Optional.ofNullable(metas.get("twitter:description")));
    add(properties, DESCRIPTION, Optional.ofNullable(metas.get("description")));
    if (!properties.containsKey(DESCRIPTION)) {
      add(properties, DESCRIPTION, summary(page));
    }
    return new PageFacts(properties, pictures(page, metas));
  }

  private static void add(Map<String, String> properties, String name, Optional<String> text) {
    text.ifPresent(each -> properties.putIfAbsent(name, each));
  }

  /// The first of each name: pages of Open Graph repeat a name for a list.
  private static Map<String, String> metas(Document page) {
    Map<String, String> metas = new LinkedHashMap<>();
    int looked = 0;
    for (Element each : page.getElementsByTag("meta")) {
      if (looked++ == MOST_ELEMENTS) {
        break;
      }
      for (String attribute : List.of("property", "name", "itemprop")) {
        String name = each.attr(attribute).strip().toLowerCase(Locale.ROOT);
        String text = shown(each.attr("content"), LONGEST_ADDRESS);
        if (!name.isEmpty() && name.length() <= 64 && !text.isEmpty()) {
          metas.putIfAbsent(name, name.contains("image") ? text : shown(text, LONGEST_TEXT));
        }
      }
    }
    return metas;
  }

  private static List<String> pictures(Document page, Map<String, String> metas) {
    List<String> pictures = new ArrayList<>();
    for (String name :
        List.of("og:image:secure_url", IMAGE, "og:image:url", "twitter:image", "image")) {
      addPicture(pictures, metas.getOrDefault(name, ""));
    }
    for (String link : List.of("link[rel=image_src]", "link[rel~=(?i)icon]")) {
      Element found = page.selectFirst(link);
      addPicture(pictures, found == null ? "" : found.attr("href").strip());
    }
    return pictures;
  }

  private static void addPicture(List<String> pictures, String address) {
    if (!address.isEmpty()
        && address.length() <= LONGEST_ADDRESS
        && pictures.size() < MOST_PICTURES
        && !pictures.contains(address)) {
      pictures.add(address);
    }
  }

  /// The first paragraphs, as much as is shown beside a link.
  private static Optional<String> summary(Document page) {
    StringBuilder summary = new StringBuilder();
    int looked = 0;
    for (Element each : page.body().getAllElements()) {
      if (looked++ == MOST_ELEMENTS || summary.length() > LONGEST_SUMMARY) {
        break;
      }
      if (PARAGRAPHS.contains(each.normalName())) {
        // Its own words and those of what is inside are bounded by what was read of the page.
        String text = shown(each.ownText(), LONGEST_SUMMARY);
        if (!text.isEmpty()) {
          summary.append(summary.isEmpty() ? "" : "\n\n").append(text);
        }
      }
    }
    String text = shown(summary.toString(), LONGEST_SUMMARY);
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  private static Optional<String> text(@Nullable Element element, int most) {
    return Optional.ofNullable(element)
        .map(each -> shown(each.wholeText(), most))
        .filter(each -> !each.isEmpty());
  }

  /// Without control characters, and not cut in the middle of one that takes two.
  static String shown(String text, int most) {
    String stripped = text.replaceAll("[\\p{Cntrl}\\p{Cs}&&[^\n\t]]", "").strip();
    if (stripped.length() <= most) {
      return stripped;
    }
    int end = most - 1;
    return stripped
            .substring(0, Character.isHighSurrogate(stripped.charAt(end - 1)) ? end - 1 : end)
            .stripTrailing()
        + "…";
  }
}
