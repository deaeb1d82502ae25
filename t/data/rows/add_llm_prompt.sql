-- Values for events.llm_prompt.

UPDATE events SET llm_prompt = 'Beschreibe, was du siehst: ''{x}'' $1 %s' WHERE batch_id IN ('json', 'null');
