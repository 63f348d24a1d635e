package org.hearth.server.readers.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.junit.jupiter.api.Test;

/// That a search ends in the middle of a few events.
class LimitedTimeTest {
  private static final int EVENTS = 50;

  private static int found(AtomicInteger asked, int mostAsked) throws IOException {
    Query query =
        new BooleanQuery.Builder()
            .add(new TermQuery(new Term("f", "a")), Occur.MUST)
            .add(new LimitedTime(() -> asked.incrementAndGet() > mostAsked), Occur.FILTER)
            .build();
    try (ByteBuffersDirectory directory = new ByteBuffersDirectory();
        IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig())) {
      for (int i = 0; i < EVENTS; i++) {
        Document document = new Document();
        document.add(new StringField("f", i % 2 == 0 ? "a" : "b", Field.Store.NO));
        writer.addDocument(document);
      }
      writer.commit();
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        return new IndexSearcher(reader).search(query, EVENTS).scoreDocs.length;
      }
    }
  }

  @Test
  void allAreFoundInTime() throws IOException {
    AtomicInteger asked = new AtomicInteger();

    assertThat(found(asked, EVENTS)).isEqualTo(EVENTS / 2);
    assertThat(asked.get()).as("only those that may match").isEqualTo(EVENTS / 2);
  }

  @Test
  void noFurtherEventIsLookedAtWhenTheTimeIsOver() {
    AtomicInteger asked = new AtomicInteger();

    assertThatExceptionOfType(LimitedTime.OverException.class).isThrownBy(() -> found(asked, 7));
    assertThat(asked.get()).isEqualTo(8);
  }
}
