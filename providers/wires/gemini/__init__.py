"""Gemini's generateContent: bodies and replies, for Google AI and Vertex AI alike."""
